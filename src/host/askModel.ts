/** Which built-in model: those that can be fitted to the data, with what they would cost on it. */
import * as vscode from 'vscode';
import type { Preset } from '../models/presets';
import type { BuiltinDescription, DataDescription } from '../shared/describeMessages';
import { cost } from './cost';
import { modelInWords, shapeInWords } from './dataWords';
import type { Describer } from './describeProcess';
import { groupOf, isMadeFor, presetLengths, presetsFor } from './recipes';

type Facts = Extract<BuiltinDescription, { readonly ok: true }>;

export interface PickedModel {
  readonly preset: Preset;
  readonly facts: Facts;
}

/** Those whose recipe is made for such data first; undefined where the person left. */
export async function askForModel(
  data: DataDescription,
  describer: Describer,
  title: string,
): Promise<PickedModel | undefined> {
  type Item = vscode.QuickPickItem & Partial<PickedModel>;
  const { inputShape } = data.data;
  const ordered = presetsFor(inputShape);
  const names = ordered.map(({ model }) => model);
  const { models } = await describer.ask({ type: 'builtins', names, data: data.data });
  const items: Item[] = [];
  let last = '';
  for (const preset of ordered) {
    const facts = models.find(({ name }) => name === preset.model);
    if (!facts?.ok) continue;
    const made = isMadeFor(preset, inputShape);
    const group = made ? groupOf(preset) : `fitted to ${shapeInWords(inputShape)}`;
    if (group !== last) items.push({ label: group, kind: vscode.QuickPickItemKind.Separator });
    last = group;
    const whole = presetLengths(preset, data.splits.training).at(-1)!;
    const detail = `${preset.detail}; ${cost(facts.multiplyAdds, whole, 0)} without controls`;
    items.push({ label: preset.label, description: modelInWords(facts), detail, preset, facts });
  }
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: 'Model to look for tickets in',
    matchOnDescription: true,
    matchOnDetail: true,
    ignoreFocusOut: true,
  });
  return chosen?.preset && chosen.facts && { preset: chosen.preset, facts: chosen.facts };
}
