/** Serves the host: every request runs by itself, can be given up, and ends with one word. */
import type { HostToInspector, InspectorToHost } from '../shared/inspectorMessages';
import { answer, messageOf, type Request } from './answers';
import { OpenFiles } from './openFiles';
import { checkRequest } from './requests';
import { StatisticsCache } from './statisticsCache';
import type { StatisticsEngine } from './statisticsEngine';
import type { Wishes } from './wishes';

interface Running {
  readonly controller: AbortController;
  wishes: Wishes | null;
}

export class Inspector {
  private readonly files: OpenFiles;
  private readonly running = new Map<number, Running>();
  private cache = new StatisticsCache(null);

  constructor(
    private readonly engine: StatisticsEngine,
    private readonly send: (message: InspectorToHost) => void,
  ) {
    this.files = new OpenFiles((file, reason) => {
      send({ type: 'changed', file, reason });
    });
  }

  /** @param message whatever came from the other process */
  receive(message: unknown): void {
    const checked = checkRequest(message);
    if ('problem' in checked) this.warn(`a message was left out: ${checked.problem}`);
    else this.handle(checked);
  }

  async close(): Promise<void> {
    for (const { controller } of this.running.values()) controller.abort();
    await this.files.closeAll();
    await this.engine.close();
  }

  private handle(message: HostToInspector): void {
    switch (message.type) {
      case 'settings':
        this.cache = new StatisticsCache(message.cacheDirectory);
        break;
      case 'close':
        // it may still be opening, under the same number
        this.running.get(message.file)?.controller.abort();
        this.files.close(message.file).catch((error: unknown) => {
          this.warn(messageOf(error));
        });
        break;
      case 'prefer':
        this.running.get(message.id)?.wishes?.prefer(message.wanted);
        break;
      case 'cancel':
        this.running.get(message.id)?.controller.abort();
        break;
      case 'open':
      case 'statistics':
      case 'tile':
      case 'details':
      case 'compare':
      case 'maskTile':
      case 'nextDifference':
        void this.answer(message);
        break;
    }
  }

  private async answer(request: Request): Promise<void> {
    const { id } = request;
    if (this.running.has(id)) {
      this.warn(`request ${id} is running already`);
      return;
    }
    const running: Running = { controller: new AbortController(), wishes: null };
    this.running.set(id, running);
    const { signal } = running.controller;
    try {
      await answer(request, {
        files: this.files,
        engine: this.engine,
        cache: this.cache,
        send: this.send,
        signal,
        onWishes: wishes => {
          running.wishes = wishes;
        },
      });
      this.send({ type: 'done', id });
    } catch (error) {
      this.send(signal.aborted ? { type: 'cancelled', id } : { type: 'failed', id, message: messageOf(error) });
    } finally {
      this.running.delete(id);
    }
  }

  private warn(message: string): void {
    this.send({ type: 'log', level: 'warn', message });
  }
}
