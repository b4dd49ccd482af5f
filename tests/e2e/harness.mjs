// Runs the built programs for the end-to-end tests and talks to the emulator's control API.
// Everything a test starts belongs to its Place and ends with it, by process id; every wait has a
// deadline and ends on what is waited for, never after a fixed time. On failure the programs' output
// is in the error.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve as resolvePath } from 'node:path';

const patience_s = 60;
const closingPatience_s = 25; // A clicker may take 20 s to flush.
const pollEvery_ms = 10;

const binFolder = process.env.TELEKV_BIN;
if (!binFolder) throw new Error('set TELEKV_BIN to the folder of the built programs');

const now_s = () => performance.now() / 1000;
const turn = () => new Promise((resolve) => setTimeout(resolve, pollEvery_ms));

/// Asks `condition` until it answers something but undefined, null or false, and answers that.
export async function until(what, condition, limit_s = patience_s) {
  const deadline = now_s() + limit_s;
  for (;;) {
    const answer = await condition();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    if (now_s() > deadline) throw new Error(`waited ${limit_s} s in vain for ${what}`);
    await turn();
  }
}

/// Runs `work` for every item, at most `width` at a time.
export async function forEachOf(items, width, work) {
  const rest = items[Symbol.iterator]();
  const lane = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/// One running program, built here or named by its absolute path, with its output so far.
export class Program {
  output = '';
  error = '';

  /// `input` is all of standard input; with `typed` it comes bit by bit, by type().
  constructor(name, args, { env = {}, cwd, input, typed = false } = {}) {
    this.name = name;
    // Nothing of the caller's own environment reaches the program: no token, no proxy, no language.
    this.process = spawn(resolvePath(binFolder, name), args, {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, LANG: 'C.UTF-8', ...env },
      stdio: [input === undefined && !typed ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    // A program that ends without reading everything is no failure of the test's.
    this.process.stdin?.on('error', () => {});
    if (!typed) this.process.stdin?.end(input);
    this.process.stdout.setEncoding('utf8').on('data', (text) => {
      this.output += text;
    });
    this.process.stderr.setEncoding('utf8').on('data', (text) => {
      this.error += text;
    });
    this.ended = new Promise((resolve) => {
      this.process.on('error', (failure) => resolve({ code: null, signal: null, failure }));
      this.process.on('close', (code, signal) => resolve({ code, signal }));
    });
    this.ended.then((end) => {
      this.end = end;
    });
  }

  /// The first match in standard output and error, as soon as it is there.
  line(pattern) {
    return until(`${pattern} in the output of ${this.name}`, () => {
      const found = this.output.match(pattern) ?? this.error.match(pattern);
      if (!found && this.end)
        throw new Error(`${this.name} ended before ${pattern}:\n${this.story()}`);
      return found;
    });
  }

  type(text) {
    this.process.stdin.write(text);
  }

  signal(name) {
    if (!this.end) this.process.kill(name);
  }

  /// Waits for the end by itself: {code, signal}.
  async exit(limit_s = patience_s) {
    return until(`the end of ${this.name}:\n${this.story()}`, () => this.end, limit_s);
  }

  async kill() {
    this.signal('SIGKILL');
    return this.exit();
  }

  async terminate() {
    this.signal('SIGTERM');
    return this.exit(closingPatience_s);
  }

  story() {
    const end = this.end ? `ended with ${JSON.stringify(this.end)}` : 'still running';
    return `--- ${this.name} (${end})\n--- stdout\n${tail(this.output)}\n--- stderr\n${tail(this.error)}`;
  }
}

const tail = (text) => text.slice(-4000);

/// What one test owns: a scratch folder and the programs in it.
export class Place {
  programs = [];

  static async make() {
    const place = new Place();
    place.folder = await mkdtemp(join(tmpdir(), 'telekv-e2e-'));
    return place;
  }

  start(name, args, options = {}) {
    const program = new Program(name, args, { cwd: this.folder, ...options });
    this.programs.push(program);
    return program;
  }

  async close() {
    for (const program of this.programs) program.signal('SIGKILL');
    await Promise.all(this.programs.map((program) => program.ended));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/// Gives the test body a Place; on failure the error also tells what every program said.
export function inPlace(body) {
  return async (t) => {
    const place = await Place.make();
    try {
      await body(place, t);
    } catch (error) {
      // What the test runner prints is the stack.
      error.stack += `\n${place.programs.map((program) => program.story()).join('\n')}`;
      throw error;
    } finally {
      await place.close();
    }
  };
}

/// The local Telegram.
export class Emulator {
  /// `tls`: {certificate, key}, two files; then it serves `secureRoot` too.
  static async start(place, { state, port = 0, flood = 'off', local = false, tls } = {}) {
    const emulator = new Emulator();
    Object.assign(emulator, { place, state, flood, local, tls });
    await emulator.#launch(port);
    return emulator;
  }

  async #launch(port) {
    const args = ['--port', String(port), '--flood', this.flood];
    if (this.state) args.push('--state', this.state);
    if (this.local) args.push('--local');
    if (this.tls) args.push('--tls-port', '0', '--tls-cert', this.tls.certificate, '--tls-key', this.tls.key);
    this.program = this.place.start('telegram-emulator', args);
    [, this.root, this.port, this.secureRoot] = await this.program.line(
      /ready: (http:\/\/127\.0\.0\.1:(\d+))\/(?: and (https:\/\/127\.0\.0\.1:\d+)\/)?\n/,
    );
  }

  /// Kills the emulator and starts it again on the same port; only its state folder survives.
  async restart() {
    await this.program.kill();
    await this.#launch(this.port);
  }

  async call(path, body) {
    const request =
      body === undefined
        ? {}
        : {
            method: 'POST',
            headers: { 'Content-Type': 'application/json' },
            body: JSON.stringify(body),
          };
    const response = await fetch(`${this.root}/emulator/${path}`, {
      ...request,
      signal: AbortSignal.timeout(patience_s * 1000),
    });
    const answer = await response.json();
    if (!response.ok)
      throw new Error(
        `${path} ${JSON.stringify(body)}: ${response.status} ${JSON.stringify(answer)}`,
      );
    return answer;
  }

  person(person) {
    return this.call('people', person);
  }

  updates(bot) {
    return this.call(`updates?bot_id=${bot}`);
  }

  chat(bot, person, after) {
    const wait = after === undefined ? '' : `&after=${after}&wait_s=5`;
    return this.call(`chats/${person}/messages?bot_id=${bot}&limit=1000${wait}`);
  }

  send(bot, person, text) {
    return this.call('send', { bot_id: bot, from: person, text });
  }

  tap(bot, person, message, data) {
    return this.call('tap', { bot_id: bot, from: person, message_id: message, data });
  }

  /// The bot's first message in the chat, after message `after`, that `wanted` accepts.
  async answer(bot, person, wanted, { after = 0, limit_s = patience_s } = {}) {
    const accepts =
      wanted instanceof RegExp ? (message) => wanted.test(message.text ?? '') : wanted;
    const deadline = now_s() + limit_s;
    let chat = await this.chat(bot, person);
    for (;;) {
      const found = chat.messages.find(
        (message) => message.from.id === bot && message.message_id > after && accepts(message),
      );
      if (found) return found;
      if (now_s() > deadline) {
        const said = chat.messages
          .slice(-5)
          .map((message) => `${message.from.id}: ${message.text}`)
          .join('\n');
        throw new Error(
          `waited ${limit_s} s in vain for ${wanted} in the chat of ${person}; it ends with\n${said}`,
        );
      }
      chat = await this.chat(bot, person, chat.version);
    }
  }

  /// The person writes; answers the bot's first message after it that `wanted` accepts.
  async ask(bot, person, text, wanted = /./s) {
    const { message_id: after } = await this.send(bot, person, text);
    return this.answer(bot, person, wanted, { after });
  }
}

export class Upload {
  constructor(bytes, fileName) {
    Object.assign(this, { bytes, fileName });
  }
}

/// A bare Bot API call, as a second program holding the same token would make it: the whole answer,
/// an error too.
export async function botAnswer(emulator, token, method, parameters = {}) {
  const body = new FormData();
  for (const [name, value] of Object.entries(parameters)) {
    if (value instanceof Upload) body.append(name, new Blob([value.bytes]), value.fileName);
    else body.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const response = await fetch(`${emulator.root}/bot${token}/${method}`, { method: 'POST', body });
  return response.json();
}

/// The same for its result alone.
export async function botApi(emulator, token, method, parameters = {}) {
  const answer = await botAnswer(emulator, token, method, parameters);
  if (!answer.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`);
  return answer.result;
}

export async function download(emulator, token, fileId) {
  const { file_path: path } = await botApi(emulator, token, 'getFile', { file_id: fileId });
  const response = await fetch(`${emulator.root}/file/bot${token}/${path}`);
  if (!response.ok) throw new Error(`download of ${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
