// The kernels behind tensor statistics: a module of its own, one instance and one memory a thread.
export { convert } from './convert';
export { addSlices, blocksKept, neighbourViolations } from './structure';
export { clearSummary, summarise } from './summary';
