import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Describer } from '../../../src/host/describeProcess';

/** @param body of `(message, send)`, run for each question */
function describer(body: string, patienceMilliseconds?: number): Describer {
  const script = path.join(mkdtempSync(path.join(tmpdir(), 'wt-describer-')), 'child.cjs');
  onTestFinished(() => rmSync(path.dirname(script), { recursive: true }));
  writeFileSync(script, `process.on('message', message => { const send = answer => process.send(answer); ${body} });`);
  const made = new Describer({
    script,
    log: () => undefined,
    ...(patienceMilliseconds !== undefined && { patienceMilliseconds }),
  });
  onTestFinished(() => made.dispose());
  return made;
}
const question = { type: 'builtins', names: ['builtin:x'], data: { inputShape: [4], classes: 2 } } as const;
const answers = `send({ type: 'builtins', id: message.id, models: [{ name: message.names[0], ok: false, reason: 'no' }] });`;

it('questions are answered by their number, whatever the order', async () => {
  const one = describer(`setTimeout(() => { ${answers} }, message.names[0] === 'slow' ? 50 : 0);`);
  const [slow, fast] = await Promise.all(['slow', 'fast'].map(name => one.ask({ ...question, names: [name] })));
  expect(slow!.models[0]!.name).toBe('slow');
  expect(fast!.models[0]!.name).toBe('fast');
});

it('its refusal is an error with its words', async () => {
  const one = describer(`send({ type: 'failed', id: message.id, message: 'net.onnx: no' });`);
  await expect(one.ask(question)).rejects.toThrow('net.onnx: no');
});

it('an answer that is not valid is none', async () => {
  const one = describer(`send({ type: 'builtins', id: message.id, models: [{ name: 1 }] });`);
  await expect(one.ask(question)).rejects.toThrow(/not valid/);
});

it('a crash is told, and the next question starts it anew', async () => {
  const one = describer(`if (message.names[0] === 'crash') process.exit(3); ${answers}`);
  await expect(one.ask({ ...question, names: ['crash'] })).rejects.toThrow(/stopped unexpectedly \(exit code 3\)/);
  expect((await one.ask(question)).models).toHaveLength(1);
});

it('one that takes too long is ended', async () => {
  const one = describer('', 300);
  await expect(one.ask(question)).rejects.toThrow(/takes longer than/);
});
