// Checks JSON against the public type definitions of the Bot API (npm: @grammyjs/types), by giving
// each value as a literal of its declared type to the TypeScript compiler.
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('./node_modules', import.meta.url));
const compiler = join(modules, '.bin', 'tsc');
const definitions = join(modules, '@grammyjs', 'types', 'mod.js');
const messages = join(modules, '@grammyjs', 'types', 'message.js');
const chats = join(modules, '@grammyjs', 'types', 'manage.js');

// Where the official server and the definitions differ. It still sends fields that others replaced:
// those of forwards (Bot API 7.0), of members (2.0), of rights (6.0) and of permissions (6.5); it
// tells more of groups, and a description beside some results. What editMessageCaption answers is
// declared without the media that it captions.
const prelude = `
import type { AcceptedGiftTypes, ApiError, ApiMethods, Chat, Message, Update, User } from ${JSON.stringify(definitions)};
declare module ${JSON.stringify(messages)} {
  namespace Message {
    interface CommonMessage {
      forward_from?: User;
      forward_from_chat?: Chat;
      forward_from_message_id?: number;
      forward_date?: number;
    }
    interface ServiceMessage {
      new_chat_participant?: User;
      new_chat_member?: User;
      left_chat_participant?: User;
    }
  }
}
declare module ${JSON.stringify(chats)} {
  interface OldFieldsOfGroups { all_members_are_administrators?: boolean }
  namespace Chat {
    interface GroupChat extends OldFieldsOfGroups { accepted_gift_types?: AcceptedGiftTypes }
  }
  namespace ChatFullInfo {
    interface GroupChat extends OldFieldsOfGroups {}
  }
  interface ChatMemberAdministrator { can_manage_voice_chats?: boolean }
  interface ChatPermissions { can_send_media_messages?: boolean }
}
type Result<Method extends keyof ApiMethods<never>> = Method extends 'editMessageCaption'
  ? (Update.Edited & Message) | true
  : ReturnType<ApiMethods<never>[Method]>;
interface Success<Method extends keyof ApiMethods<never>> {
  ok: true;
  result: Result<Method>;
  description?: string;
}
`;

const settings = {
  compilerOptions: {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'esnext',
    types: [],
  },
  files: ['values.ts'],
};

// A reply is declared with `reply_to_message: undefined`, which JSON cannot say.
const literal = (value) =>
  JSON.stringify(value).replaceAll('"reply_to_message":{', '$&"reply_to_message":undefined,');

const run = (program, args) =>
  new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 1 << 26 }, (failure, output, error) => {
      if (failure && typeof failure.code !== 'number') reject(failure);
      else resolve({ code: failure?.code ?? 0, output, error });
    });
  });

export const successOf = (method) => `Success<'${method}'>`;

/// Of the claims [{ type, value, ... }] those that do not hold, each with the compiler's `reason`.
/// `folder` is for the compiler's files.
export async function untrueClaims(folder, claims) {
  const firstLine = prelude.split('\n').length;
  const lines = claims.map(
    ({ type, value }, index) => `export const value${index}: ${type} = ${literal(value)};`,
  );
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings));
  await writeFile(join(folder, 'values.ts'), prelude + lines.join('\n'));
  const { code, output, error } = await run(compiler, ['--pretty', 'false', '-p', folder]);
  const reasons = new Map();
  for (const [, line, reason] of output.matchAll(/values\.ts\((\d+),\d+\): (error .*(?:\n .*)*)/g))
    reasons.set(Number(line) - firstLine, reason);
  const isUnderstood =
    (code === 0) === (reasons.size === 0) && [...reasons.keys()].every((index) => claims[index]);
  if (!isUnderstood) throw new Error(`tsc ended with ${code}:\n${output}${error}`);
  return claims
    .map((claim, index) => ({ ...claim, reason: reasons.get(index) }))
    .filter(({ reason }) => reason);
}
