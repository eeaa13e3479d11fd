/**
 * Gives the device its work: many steps in a submission, few submissions ahead, each as long as it may be for training to
 * stop at once when it is told to.
 */
import { mapForReading, usage, type WatchedDevice } from './device';
import type { Launch } from './dispatch';
import { stepBytes, stepStride, type StepValues, writeStep } from './wgsl/step';

/** A submission is cut so that it takes about as long. */
const submissionSeconds = 0.02;
const mostLaunches = 4096;
const firstLaunches = 16;
/** Steps of a submission. */
const mostSteps = 1024;
const mostInFlight = 2;

/** Launches done for each of many steps, and how many of them make a submission, by the time they took. */
export class Series {
  launchesAtATime = firstLaunches;

  constructor(readonly launches: readonly Launch[]) {}
}

/** In bytes; both are multiples of 4. */
export interface Part {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

interface Submission {
  readonly series: Series;
  readonly launches: number;
  readonly submitted: number;
  readonly done: Promise<undefined>;
  /** Steps that are whole once it is done. */
  readonly end: number;
}

export class Runner {
  private readonly steps: GPUBuffer;
  private readonly stepGroup: GPUBindGroup;
  private readonly view = new DataView(new ArrayBuffer(mostSteps * stepStride));
  private readonly inFlight: Submission[] = [];
  private lastDone = 0;
  private staging: GPUBuffer | null = null;

  constructor(
    private readonly watched: WatchedDevice,
    stepLayout: GPUBindGroupLayout,
  ) {
    const { device } = watched;
    this.steps = device.createBuffer({
      label: 'values of steps',
      size: this.view.byteLength,
      usage: usage.uniform | usage.copyTarget,
    });
    this.stepGroup = device.createBindGroup({
      layout: stepLayout,
      entries: [{ binding: 0, resource: { buffer: this.steps, offset: 0, size: stepBytes } }],
    });
  }

  /**
   * Submits steps [first, end), or fewer where time is up; the last of them may still be at work afterwards.
   * @param until of `performance.now()`; a step at least is done
   * @param onStep hears which step is the first that is not done yet
   * @returns the first step that was not submitted
   * @throws DeviceLostError, AbortError (when nothing is at work any more)
   */
  async run(
    series: Series,
    first: number,
    end: number,
    valuesOf: (step: number) => StepValues,
    { until = Infinity, signal }: { readonly until?: number; readonly signal?: AbortSignal | undefined } = {},
    onStep?: (step: number) => void,
  ): Promise<number> {
    let step = first;
    let launch = 0;
    while (step < end && !(launch === 0 && step > first && performance.now() >= until)) {
      if (signal?.aborted) {
        await this.finish();
        signal.throwIfAborted();
      }
      const encoded = this.encode(series, step, launch, end, valuesOf);
      ({ step, launch } = encoded);
      this.submit(series, encoded.encoder, encoded.launches, step);
      while (this.inFlight.length >= mostInFlight) {
        const done = await this.next();
        onStep?.(done);
      }
    }
    return step;
  }

  /** Waits until nothing is at work. */
  async finish(): Promise<void> {
    while (this.inFlight.length > 0) await this.next();
  }

  /** Parts of buffers, once all work before is done. */
  async read(parts: readonly Part[]): Promise<ArrayBuffer[]> {
    await this.finish();
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    const staging = this.stagingOf(total);
    const encoder = this.watched.device.createCommandEncoder();
    let at = 0;
    for (const { buffer, offset, bytes } of parts) {
      encoder.copyBufferToBuffer(buffer, offset, staging, at, bytes);
      at += bytes;
    }
    this.watched.device.queue.submit([encoder.finish()]);
    await this.watched.wait(staging.mapAsync(mapForReading, 0, total));
    const mapped = staging.getMappedRange(0, total);
    let begin = 0;
    const copies = parts.map(({ bytes }) => mapped.slice(begin, (begin += bytes)));
    staging.unmap();
    return copies;
  }

  release(): void {
    this.steps.destroy();
    this.staging?.destroy();
  }

  /** As many launches as make a submission, from that launch of that step on, and the values of their steps. */
  private encode(
    series: Series,
    firstStep: number,
    firstLaunch: number,
    end: number,
    valuesOf: (step: number) => StepValues,
  ): { encoder: GPUCommandEncoder; launches: number; step: number; launch: number } {
    const { device } = this.watched;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let step = firstStep;
    let launch = firstLaunch;
    let launches = 0;
    let touched = 0;
    while (launches < series.launchesAtATime && step < end && touched < mostSteps) {
      writeStep(this.view, touched, valuesOf(step));
      pass.setBindGroup(1, this.stepGroup, [touched * stepStride]);
      touched++;
      const stop = Math.min(series.launches.length, launch + series.launchesAtATime - launches);
      launches += stop - launch;
      for (; launch < stop; launch++) {
        const { pipeline, group, x, y, z } = series.launches[launch]!;
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(x, y, z);
      }
      if (launch === series.launches.length) {
        launch = 0;
        step++;
      }
    }
    pass.end();
    device.queue.writeBuffer(this.steps, 0, this.view.buffer, 0, touched * stepStride);
    return { encoder, launches, step, launch };
  }

  private submit(series: Series, encoder: GPUCommandEncoder, launches: number, end: number): void {
    const { queue } = this.watched.device;
    queue.submit([encoder.finish()]);
    const done = queue.onSubmittedWorkDone();
    done.catch(() => undefined); // waited for below
    this.inFlight.push({ series, launches, submitted: performance.now(), done, end });
  }

  private async next(): Promise<number> {
    const { series, launches, submitted, done, end } = this.inFlight[0]!;
    await this.watched.wait(done);
    this.inFlight.shift();
    const now = performance.now();
    const seconds = Math.max(1e-6, (now - Math.max(submitted, this.lastDone)) / 1000);
    this.lastDone = now;
    const fitting = launches * Math.min(2, submissionSeconds / seconds);
    series.launchesAtATime = Math.max(1, Math.min(mostLaunches, Math.round(fitting)));
    return end;
  }

  private stagingOf(bytes: number): GPUBuffer {
    if (!this.staging || this.staging.size < bytes) {
      this.staging?.destroy();
      this.staging = this.watched.device.createBuffer({
        label: 'read back',
        size: Math.ceil(bytes / 16) * 16,
        usage: usage.mapRead | usage.copyTarget,
      });
    }
    return this.staging;
  }
}
