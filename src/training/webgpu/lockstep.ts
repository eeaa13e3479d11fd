/**
 * Sessions of replicates that one device works for at once. Nothing happens before each of them that is not closed has
 * been asked for something; what has to do with the weights as they are comes before training goes on.
 */
import { type MemoryPlan, noLosses, type TrainingSession, type TrainOptions } from '../trainer';
import type { Replicates } from './replicates';

type Visit = Parameters<TrainingSession['predict']>[1];

/** What a session was asked for and has not answered yet. */
interface Asked<Detail, Answer> {
  readonly replicate: number;
  /** What is asked for in the same words is done at once. */
  readonly topic: string;
  readonly detail: Detail;
  /** Answers, or what went wrong with one replicate, in the order of those who asked. */
  readonly answer: (asked: readonly Asked<Detail, Answer>[]) => Promise<readonly (Answer | Error)[]>;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Of a kind that only who asked knows. */
type AnyAsked = Asked<unknown, unknown>;

const training = 'train';

export class Lockstep {
  readonly sessions: readonly TrainingSession[];
  private readonly open: Set<number>;
  private readonly asked = new Map<number, AnyAsked>();
  private isAtWork = false;

  constructor(private readonly replicates: Replicates) {
    const numbers = Array.from({ length: replicates.count }, (_, replicate) => replicate);
    this.open = new Set(numbers);
    this.sessions = numbers.map(replicate => this.session(replicate));
  }

  private session(replicate: number): TrainingSession {
    const { replicates } = this;
    const memory: MemoryPlan = replicates.memory;
    const ask = <Detail, Answer>(
      topic: string,
      detail: Detail,
      answer: Asked<Detail, Answer>['answer'],
    ): Promise<Answer> =>
      new Promise((resolve, reject) => {
        if (!this.open.has(replicate) || this.asked.has(replicate))
          throw new Error('the session is closed, or at work');
        this.asked.set(replicate, { replicate, topic, detail, answer, resolve, reject } as AnyAsked);
        void this.work();
      });
    return {
      memory,
      train: (step, options: TrainOptions = {}) =>
        ask(training, { step, ...options }, all => {
          const steps = new Set(all.map(({ detail }) => detail.step));
          if (steps.size > 1) throw new Error('replicates that train together train to the same steps');
          const wanted = all.map(({ replicate, detail }) => ({ replicate, after: detail.after ?? noLosses }));
          const seconds = Math.min(...all.map(({ detail }) => detail.seconds ?? Infinity));
          return replicates.train(step, wanted, { seconds, signal: signalOf(all) }, progress => {
            for (const { detail } of all) detail.onProgress?.(progress);
          });
        }),
      evaluate: (split, signal) =>
        ask(`evaluate ${split}`, { signal }, all => replicates.evaluate(split, numbersOf(all), signalOf(all))),
      predict: (split, visit, signal) =>
        ask(`predict ${split}`, { visit, signal }, async all => {
          const visits = all.map(({ detail }): Visit => detail.visit);
          await replicates.predict(split, numbersOf(all), visits, signalOf(all));
          return all.map(() => undefined);
        }),
      weights: () => ask('weights', null, all => eachOf(all, one => replicates.weights(one))),
      state: () => ask('state', null, all => eachOf(all, one => replicates.state(one))),
      close: async () => {
        if (!this.open.delete(replicate)) return;
        this.asked.delete(replicate);
        if (this.open.size === 0) await replicates.close();
        else void this.work();
      },
    };
  }

  /** Does what all are waiting for, one thing at a time. */
  private async work(): Promise<void> {
    if (this.isAtWork) return;
    this.isAtWork = true;
    while (this.open.size > 0 && this.asked.size === this.open.size) {
      const all = [...this.asked.values()];
      const { topic, answer } = all.find(one => one.topic !== training) ?? all[0]!;
      await this.settle(
        all.filter(one => one.topic === topic),
        answer,
      );
    }
    this.isAtWork = false;
  }

  private async settle(asked: readonly AnyAsked[], answer: AnyAsked['answer']): Promise<void> {
    let tell: (place: number, one: AnyAsked) => void;
    try {
      const answers = await answer(asked);
      tell = (place, { resolve, reject }) => {
        const given = answers[place];
        if (given instanceof Error) reject(given);
        else resolve(given);
      };
    } catch (error) {
      tell = (_, { reject }) => {
        reject(error);
      };
    }
    asked.forEach((one, place) => {
      if (this.asked.get(one.replicate) === one) this.asked.delete(one.replicate);
      tell(place, one);
    });
  }
}

type Numbered = readonly { readonly replicate: number }[];

const numbersOf = (asked: Numbered): number[] => asked.map(({ replicate }) => replicate);

function signalOf(
  asked: readonly { readonly detail: { readonly signal?: AbortSignal | undefined } }[],
): AbortSignal | undefined {
  const signals = new Set(asked.flatMap(({ detail: { signal } }) => signal ?? []));
  return signals.size > 1 ? AbortSignal.any([...signals]) : [...signals][0];
}

async function eachOf<Answer>(asked: Numbered, answer: (replicate: number) => Promise<Answer>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const { replicate } of asked) answers.push(await answer(replicate));
  return answers;
}
