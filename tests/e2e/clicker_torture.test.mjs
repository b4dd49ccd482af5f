// The claim of strict mode on the built programs: whenever the clicker is killed, with load running and
// nothing of it left on disk, and however two copies of it overlap, every click counts exactly once.
// KILL_ROUNDS and OVERLAP_ROUNDS make it longer (make torture).
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import {
  Clicker,
  allConfirmed,
  botId,
  countsByClicking,
  crowd,
  exitCode,
  registerAndClick,
} from './clicker.mjs';
import { Emulator, inPlace, until } from './harness.mjs';

const killRounds = Number(process.env.KILL_ROUNDS ?? 5);
const overlapRounds = Number(process.env.OVERLAP_ROUNDS ?? 3);
const reportEvery = 10;
const fullQueue = 300;
const patienceForLongRuns = { timeout: 3_600_000 };

const operator = { id: 2 ** 40 + 1, first_name: 'Operator', language_code: 'ru' };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/// Clicks all the time, for as long as `during` runs; each person's clicks are counted. In strict mode
/// at most 100 updates are confirmed a second, so the load waits while more than `fullQueue` are queued.
async function underLoad(emulator, people, during) {
  let running = true;
  const lanes = [0, 1, 2, 3].map(async (lane) => {
    for (let i = lane; running; i += 4) {
      const { pending } = await emulator.updates(botId);
      if (pending > fullQueue) {
        await pause(100);
        continue;
      }
      const person = people[i % people.length];
      person.clicks += 1;
      await emulator.send(botId, person.id, 'Клик');
      await pause(randomInt(1, 12));
    }
  });
  try {
    return await during();
  } finally {
    running = false;
    await Promise.all(lanes);
  }
}

/// Every click once, none twice: what the clicker tells each person is what was sent.
async function checkCounts(emulator, people) {
  await allConfirmed(emulator);
  const counted = await countsByClicking(emulator, people);
  for (const person of people) person.clicks += 1;
  assert.deepEqual(counted, people);
}

async function strictPlace(place) {
  const emulator = await Emulator.start(place);
  const clicker = await Clicker.start(place, emulator, {
    operator,
    environment: { DURABILITY: 'strict' },
  });
  const people = crowd(24, () => 0);
  await registerAndClick(emulator, people);
  return { emulator, clicker, people };
}

async function confirmed(emulator) {
  return (await emulator.updates(botId)).highest_confirmed;
}

test(
  `${killRounds} rounds of kill -9 at random moments lose and repeat nothing`,
  patienceForLongRuns,
  inPlace(async (place, t) => {
    const { emulator, clicker, people } = await strictPlace(place);
    const first = await confirmed(emulator);
    await underLoad(emulator, people, async () => {
      for (let round = 1; round <= killRounds; round += 1) {
        await pause(randomInt(0, 1500));
        await clicker.kill();
        clicker.launch();
        if (round % reportEvery === 0) t.diagnostic(`${round} rounds`);
      }
    });
    await checkCounts(emulator, people);
    const total = people.reduce((sum, person) => sum + person.clicks, 0);
    const updates = (await confirmed(emulator)) - first;
    t.diagnostic(`${killRounds} kills, ${total} clicks, ${updates} updates confirmed: 0 lost, 0 repeated`);
  }),
);

test(
  `${overlapRounds} rounds of overlapping copies lose and repeat nothing, and the older one ends`,
  patienceForLongRuns,
  inPlace(async (place, t) => {
    const { emulator, clicker, people } = await strictPlace(place);
    await underLoad(emulator, people, async () => {
      for (let round = 1; round <= overlapRounds; round += 1) {
        await pause(randomInt(0, 1000));
        const older = clicker.program;
        const younger = clicker.launch();
        // Sometimes the younger one dies in the middle of its take-over, and another one comes.
        if (round % 3 === 0) {
          await pause(randomInt(0, 400));
          await younger.kill();
          clicker.launch();
        }
        const end = await older.exit();
        assert.deepEqual(end, { code: exitCode.superseded, signal: null });
        await until('the younger copy to go on', async () => {
          const before = await confirmed(emulator);
          await pause(50);
          return (await confirmed(emulator)) > before;
        });
        if (round % reportEvery === 0) t.diagnostic(`${round} rounds`);
      }
    });
    await checkCounts(emulator, people);
    const total = people.reduce((sum, person) => sum + person.clicks, 0);
    t.diagnostic(`${overlapRounds} overlaps, ${total} clicks: 0 lost, 0 repeated`);
  }),
);
