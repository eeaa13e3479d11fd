/**
 * A restricted unpickler: pickle protocols 0 to 5 to plain data. It never calls, imports or looks up anything: what a
 * pickle names is handed to the host, which knows an allow-list and keeps everything else as an opaque record.
 * Source of the opcodes: CPython Lib/pickletools.py.
 */
import { PickleMachine } from './pickleMachine';
import { floatFromText, integerFromText, longFromBytes, quotedString, rawUnicode, text2 } from './pickleText';
import type { PickleHost, PickleValue } from './pickleValue';

type Handler = (machine: PickleMachine) => void;
const handlers: (Handler | undefined)[] = new Array<Handler | undefined>(256).fill(undefined);
const on = (code: number | string, handler: Handler): void => {
  handlers[typeof code === 'number' ? code : code.charCodeAt(0)] = handler;
};

// frames and the end
on(0x80, m => {
  const protocol = m.uint8();
  if (protocol > 5) m.fail(`pickle protocol ${protocol}; 0 to 5 are known`);
});
on(0x95, m => void m.take(8));
on('.', m => {
  m.finished = true;
});

// the stack
on('(', m => {
  m.mark();
});
on('0', m => {
  // as in CPython, POP also takes back a mark that nothing lies on
  if (m.stack.length > 0) m.pop();
  else m.popMark();
});
on('1', m => void m.popMark());
on('2', m => {
  m.push(m.top());
});

// None, booleans, numbers
on('N', m => {
  m.push(null);
});
on(0x88, m => {
  m.push(true);
});
on(0x89, m => {
  m.push(false);
});
on('J', m => {
  m.push(m.int32());
});
on('K', m => {
  m.push(m.uint8());
});
on('M', m => {
  m.push(m.uint16());
});
on('I', m => {
  const line = m.line();
  m.push(line === '01' ? true : line === '00' ? false : integerFromText(m, line));
});
on('L', m => {
  m.push(integerFromText(m, m.line()));
});
on(0x8a, m => {
  m.push(longFromBytes(m, m.uint8()));
});
on(0x8b, m => {
  m.push(longFromBytes(m, m.uint32()));
});
on('F', m => {
  m.push(floatFromText(m, m.line()));
});
on('G', m => {
  m.push(m.float64());
});

// text and bytes
on('S', m => {
  m.push(quotedString(m, m.line()));
});
on('T', m => {
  m.push(text2(m.blob(m.uint32())));
});
on('U', m => {
  m.push(text2(m.blob(m.uint8())));
});
on('V', m => {
  m.push(rawUnicode(m.line()));
});
on('X', m => {
  m.push(m.utf8(m.uint32()));
});
on(0x8c, m => {
  m.push(m.utf8(m.uint8()));
});
on(0x8d, m => {
  m.push(m.utf8(m.uint64()));
});
on('B', m => {
  m.push(m.blob(m.uint32()));
});
on('C', m => {
  m.push(m.blob(m.uint8()));
});
on(0x8e, m => {
  m.push(m.blob(m.uint64()));
});
on(0x96, m => {
  m.push(m.blob(m.uint64()));
});
on(0x97, m => m.fail('its data lies in buffers outside the file'));
on(0x98, () => undefined);

// tuples, lists, dicts, sets
on(')', m => {
  m.push(m.array([]));
});
on(0x85, m => {
  m.push(m.array([m.pop()]));
});
on(0x86, m => {
  const b = m.pop();
  m.push(m.array([m.pop(), b]));
});
on(0x87, m => {
  const c = m.pop();
  const b = m.pop();
  m.push(m.array([m.pop(), b, c]));
});
on('t', m => {
  m.push(m.array(m.popMark()));
});
on(']', m => {
  m.push(m.array([]));
});
on('l', m => {
  m.push(m.array(m.popMark()));
});
on('a', m => {
  const item = m.pop();
  m.append(m.top(), [item]);
});
on('e', m => {
  const items = m.popMark();
  m.append(m.top(), items);
});
on('}', m => {
  m.push(m.map());
});
on('d', m => {
  const items = m.popMark();
  const map = m.map();
  m.setItems(map, items);
  m.push(map);
});
on('s', m => {
  const value = m.pop();
  const key = m.pop();
  m.setItems(m.top(), [key, value]);
});
on('u', m => {
  const items = m.popMark();
  m.setItems(m.top(), items);
});
on(0x8f, m => {
  m.push(m.set());
});
on(0x90, m => {
  const items = m.popMark();
  m.addToSet(m.top(), items);
});
on(0x91, m => {
  const items = m.popMark();
  const set = m.set();
  m.addToSet(set, items);
  m.push(set);
});

// the memo
on('p', m => {
  m.remember(Number(integerFromText(m, m.line())));
});
on('q', m => {
  m.remember(m.uint8());
});
on('r', m => {
  m.remember(m.uint32());
});
on(0x94, m => {
  m.remember(null);
});
on('g', m => {
  m.recall(Number(integerFromText(m, m.line())));
});
on('h', m => {
  m.recall(m.uint8());
});
on('j', m => {
  m.recall(m.uint32());
});

// names, calls, objects: none is looked up or run
on('c', m => {
  const module = m.line();
  m.name(module, m.line());
});
on(0x93, (m: PickleMachine) => {
  const name = m.pop();
  const module = m.pop();
  if (typeof name !== 'string' || typeof module !== 'string') m.fail('a class whose name is no text');
  m.name(module, name);
});
on('R', m => {
  const args = m.pop();
  m.construct(m.pop(), args);
});
on(0x81, m => {
  const args = m.pop();
  m.construct(m.pop(), args);
});
on(0x92, m => {
  // keyword arguments of __new__ say nothing about data
  m.pop();
  const args = m.pop();
  m.construct(m.pop(), args);
});
on('b', m => {
  m.build();
});
for (const [code, name] of [
  ['i', 'INST'],
  ['o', 'OBJ'],
] as const) {
  on(code, m => m.fail(`opcode ${name}, which Python 3 and PyTorch never write`));
}
for (const code of [0x82, 0x83, 0x84]) {
  on(code, m => m.fail("an object of copyreg's extension registry, which only its writer knows"));
}
on('P', m => {
  m.push(m.host.persistent(m.line()));
});
on('Q', m => {
  m.push(m.host.persistent(m.pop()));
});

export interface Unpickled {
  readonly value: PickleValue;
  /** Where the next byte after the pickle is. */
  readonly end: number;
}

/**
 * @param start where the pickle begins in `bytes`
 * @throws PickleTruncated where it goes on beyond `bytes`
 * @throws CheckpointError where it is damaged, or builds more than a checkpoint's structure can be
 */
export function unpickle(bytes: Uint8Array, file: string, host: PickleHost, start = 0): Unpickled {
  const machine: PickleMachine = new PickleMachine(bytes, file, host, start);
  while (!machine.finished) {
    const code = machine.opcode();
    const handler = handlers[code];
    if (!handler) machine.fail(`0x${code.toString(16).padStart(2, '0')} is no opcode`);
    handler(machine);
  }
  return { value: machine.pop(), end: machine.position };
}
