import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JobProcess, type JobMessage, type JobOutcome, type JobSettings } from '../../../src/host/jobProcess';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'job-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

let scripts = 0;
/** Forks a child with this body; `act` gets the process at its first message. */
async function runChild(
  body: string,
  act: (process: JobProcess) => void = () => undefined,
  settings?: JobSettings,
): Promise<{ readonly messages: JobMessage[]; readonly outcome: JobOutcome; readonly ends: number }> {
  const script = path.join(directory, `child${scripts++}.cjs`);
  await writeFile(script, body);
  const messages: JobMessage[] = [];
  let ends = 0;
  const outcome = await new Promise<JobOutcome>(resolve => {
    const process = new JobProcess(
      {
        script,
        experimentPath: '/w/a.ticket.json',
        storeDirectory: '/w/.winning-ticket',
        graceMilliseconds: 200,
        ...(settings && { settings }),
      },
      {
        onMessage: message => {
          messages.push(message);
          if (messages.length === 1) act(process);
        },
        onEnd: end => {
          ends++;
          resolve(end);
        },
      },
    );
  });
  return { messages, outcome, ends };
}

const whenStarted = (body: string): string =>
  `process.on('message', message => { if (message.type === 'start') { ${body} } else { onCancel(); } });
   let onCancel = () => {};
   const log = text => process.send({ type: 'log', level: 'info', message: text });`;

describe('a job', () => {
  test('is told what to work on, and ends as it says', async () => {
    const { messages, outcome, ends } = await runChild(
      whenStarted(
        `log(JSON.stringify(message)); process.send({ type: 'finished', status: 'done' }); process.disconnect();`,
      ),
    );
    expect(messages).toEqual([
      {
        type: 'log',
        level: 'info',
        message: JSON.stringify({
          type: 'start',
          experimentPath: '/w/a.ticket.json',
          storeDirectory: '/w/.winning-ticket',
        }),
      },
    ]);
    expect(outcome).toEqual({ status: 'done' });
    expect(ends).toBe(1);
  });

  test('gets what the person has set: the executor for experiments that say auto, and where modules are', async () => {
    const { messages } = await runChild(
      whenStarted(`log([message.executor, process.env.WINNING_TICKET_MODULES].join()); process.disconnect();`),
      undefined,
      { executor: 'webgpu', environment: { WINNING_TICKET_MODULES: '/modules' } },
    );
    expect(messages).toContainEqual({ type: 'log', level: 'info', message: 'webgpu,/modules' });
  });

  test('runs as Node also under Electron, and without options meant for another Node', async () => {
    const { messages } = await runChild(
      whenStarted(
        `log(process.env.ELECTRON_RUN_AS_NODE + ' ' + process.env.NODE_OPTIONS + ' ' + process.execArgv.length);
         process.exitCode = 0; process.disconnect();`,
      ),
    );
    expect(messages[0]).toMatchObject({ message: '1 undefined 0' });
  });

  test('that crashes has failed, with its exit code and the word that finished runs are kept', async () => {
    const { outcome } = await runChild(whenStarted(`process.exit(7);`));
    expect(outcome).toEqual({
      status: 'failed',
      error: { message: expect.stringMatching(/exit code 7.*Finished runs are kept/) },
    });
  });

  test('that is killed from outside names the signal', async () => {
    const { outcome } = await runChild(whenStarted(`process.kill(process.pid, 'SIGKILL');`));
    expect(outcome.error?.message).toMatch(/SIGKILL.*memory/);
  });

  test('whose script cannot be loaded has failed, with what it printed in the log', async () => {
    const { outcome, messages } = await runChild(`require('./missing.cjs')`);
    expect(outcome.status).toBe('failed');
    expect(messages).toContainEqual({
      type: 'log',
      level: 'warn',
      message: expect.stringContaining("Cannot find module './missing.cjs'"),
    });
  });

  test('that stops when it is asked to is cancelled', async () => {
    const { outcome } = await runChild(
      whenStarted(`onCancel = () => { process.send({ type: 'finished', status: 'cancelled' }); process.disconnect(); };
                   log('at work'); setInterval(() => {}, 1000);`).concat(
        `process.on('disconnect', () => process.exit());`,
      ),
      process => {
        process.stop('cancel');
      },
    );
    expect(outcome).toEqual({ status: 'cancelled' });
  });

  test('that does not stop when it is asked to is killed, and cancelled', async () => {
    const { outcome } = await runChild(whenStarted(`log('at work'); setInterval(() => {}, 1000);`), process => {
      process.stop('cancel');
    });
    expect(outcome).toEqual({ status: 'cancelled' });
  });

  test('that lingers after its end is killed, and keeps its outcome', async () => {
    const { outcome } = await runChild(
      whenStarted(`process.send({ type: 'finished', status: 'done' }); setInterval(() => {}, 1000);`),
    );
    expect(outcome).toEqual({ status: 'done' });
  });

  test('that sends messages for the log, or such as nobody knows, in a loop is heard as far as anyone reads', async () => {
    const loop = (message: string) => `for (let i = 0; i < 5000; i++) process.send(${message});`;
    const { messages, outcome } = await runChild(
      whenStarted(
        `${loop(`{ type: 'log', level: 'info', message: 'said ' + i }`)}
         ${loop(`{ type: 'nobody knows' }`)}
         process.send({ type: 'finished', status: 'done' }, () => process.disconnect());`,
      ),
    );
    expect(outcome).toEqual({ status: 'done' });
    const heard = (level: string) =>
      messages.flatMap(one => (one.type === 'log' && one.level === level ? one.message : []));
    for (const level of ['info', 'warn']) {
      // other windows of time may have begun meanwhile
      expect(heard(level).length).toBeLessThan(5000);
      expect(heard(level).some(line => /^… [\d,]+ lines left out$/.test(line))).toBe(true);
    }
    expect(heard('info')[0]).toBe('said 0');
    expect(heard('info').at(-1)).toBe('said 4999');
  });

  test('may print and send what nobody knows: printed lines are logged, such messages are left out', async () => {
    const { messages, outcome } = await runChild(
      whenStarted(
        `console.log('line'); process.send({ type: 'evil' });
         setTimeout(() => { process.send({ type: 'finished', status: 'done' }); process.disconnect(); }, 20);`,
      ),
    );
    expect(messages).toContainEqual({ type: 'log', level: 'info', message: 'line' });
    expect(messages).toContainEqual({ type: 'log', level: 'warn', message: expect.stringContaining('left out') });
    expect(messages).toHaveLength(2);
    expect(outcome.status).toBe('done');
  });
});
