/** Training trajectories: an executor against open_lth's own training loop, step by step. */
import { createGoldenExecutor } from '../executor';
import { type Handler, type Outcome, passed } from '../goldenCase';
import { NotCovered } from '../pytorch/architecture';
import { compareTrajectory, type Trajectory, trajectoryOf } from './trajectory';

export const trainingTrajectory: Handler = async (golden): Promise<Outcome> => {
  let trajectory: Trajectory;
  try {
    trajectory = trajectoryOf(golden);
  } catch (error) {
    if (error instanceof NotCovered) {
      return { status: 'pending', reason: `training plans do not cover ${error.message} yet` };
    }
    throw error;
  }
  const executor = await createGoldenExecutor(trajectory.data);
  try {
    const session = await executor.open(trajectory.setup);
    const losses = new Float32Array(trajectory.setup.totalSteps);
    for (let step = 0; step < losses.length; step++) losses[step] = (await session.train(step + 1)).loss!;
    const weights = await session.weights();
    await session.close();
    compareTrajectory(golden, trajectory, losses, weights);
  } finally {
    await executor.close();
  }
  return passed;
};
