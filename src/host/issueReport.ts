/** What a report of an issue says, with nothing in it that is a person's. Pure. */
import type { LogLine } from '../shared/logLine';
import type { Report } from '../shared/report';
import { redactor, type IsOwnWord, type PrivateWords } from './redact';

export interface IssueFacts {
  /** Names and versions, e.g. of VS Code and of the system. */
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the doctor found; null: it was not asked. */
  readonly examination: unknown;
  /** The last of the newest log. */
  readonly log: readonly LogLine[];
}

/** What a person may have named in an experiment: in messages of a job it can stand without quotes. */
export function namesIn(report: Report): string[] {
  const { experiment, labelNames = [], layers } = report;
  const data = Object.entries(experiment.data).filter(([field]) => field !== 'format');
  const model = experiment.model.startsWith('builtin:') ? [] : [experiment.model];
  return [
    experiment.name,
    ...model,
    ...data.flatMap(([, value]) => textsIn(value)),
    ...labelNames,
    ...layers.map(({ name }) => name),
  ];
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

/** Fields of the experiment file and values that it may have: the words that its JSON Schema knows. */
export function ownWords(schema: unknown): IsOwnWord {
  const words = new Set<string>();
  const fields = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    if ('properties' in value && typeof value.properties === 'object' && value.properties !== null) {
      for (const name of Object.keys(value.properties)) fields.add(name);
    }
    if ('const' in value && typeof value.const === 'string') words.add(value.const);
    if ('enum' in value && Array.isArray(value.enum)) {
      for (const one of value.enum as unknown[]) if (typeof one === 'string') words.add(one);
    }
    Object.values(value).forEach(visit);
  };
  visit(schema);
  return word => words.has(word) || word.split('.').every(part => fields.has(part));
}

const mostLines = 200;

export function issueReport(facts: IssueFacts, words: PrivateWords, isOwnWord: IsOwnWord): string {
  const redact = redactor(words, isOwnWord);
  const json = (value: unknown): string => JSON.stringify(redactValue(value, redact), null, 2);
  const lines = facts.log.slice(-mostLines).map(line => {
    const { time, level, message, ...fields } = line;
    const more = Object.keys(fields).length > 0 ? ` ${JSON.stringify(redactValue(fields, redact))}` : '';
    return `${time} ${level} ${redact(message).replace(/\s+/g, ' ')}${more}`;
  });
  return [
    '# Winning Ticket: report of an issue',
    '',
    'Nothing has left this machine. Paths, names of files, of the machine and of the account, names in experiments and data,',
    'and whatever stands in quotes were taken out. Read it through, take out what else is private, and say what happened:',
    '',
    '## What I did, what I expected, what happened instead',
    '',
    '',
    '## Versions',
    '',
    ...Object.entries(facts.versions).map(([name, version]) => `- ${name}: ${redact(version)}`),
    '',
    ...section('Settings', json(facts.settings)),
    ...section('What the doctor found', facts.examination === null ? 'It was not asked.' : json(facts.examination)),
    ...section('The last lines of the log', lines.length > 0 ? lines.join('\n') : 'There is none.'),
  ].join('\n');
}

/** In a fence that no text ends: of ticks at most two stand together where what was between them was taken out. */
function section(title: string, text: string): string[] {
  return [`## ${title}`, '', '```', text, '```', ''];
}

/** Names of fields are this program's own; what stands in them may be anything. */
function redactValue(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map(one => redactValue(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, redactValue(one, redact)]));
}
