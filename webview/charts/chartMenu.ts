/** The small menu of a chart: the picture as SVG or PNG, the numbers as CSV. */
import { Menu, type MenuItem } from '../ui/menu';
import { fileName, save } from '../ui/saving';
import { say } from '../ui/live';
import { rasterised } from './export/raster';

export interface ChartSource {
  /** Of what: the title of the picture and, in plain letters, the name of the file. */
  readonly title: () => string;
  /** The picture as SVG; absent for tables, null while there is nothing to draw. */
  readonly svg?: (title: string) => string | null;
  readonly csv: () => string | null;
}

export function chartMenu({ title, svg, csv }: ChartSource): HTMLElement {
  const nothing = (): void => {
    say('There is nothing to save yet.');
  };
  const saveText = (kind: 'svg' | 'csv', content: string | null): void => {
    if (content === null) nothing();
    else save({ name: fileName(title()), kind, content });
  };
  const savePicture = async (): Promise<void> => {
    const picture = svg?.(title()) ?? null;
    if (picture === null) nothing();
    else save({ name: fileName(title()), kind: 'png', content: await rasterised(picture) });
  };
  const pictures: readonly MenuItem[] = svg
    ? [
        {
          label: 'Save as SVG…',
          act: () => {
            saveText('svg', svg(title()));
          },
        },
        {
          label: 'Save as PNG…',
          act: () => {
            savePicture().catch((error: unknown) => {
              say(`The picture could not be made: ${error instanceof Error ? error.message : String(error)}`);
            });
          },
        },
      ]
    : [];
  const numbers: MenuItem = {
    label: 'Save as CSV…',
    act: () => {
      saveText('csv', csv());
    },
  };
  return new Menu({ label: '⋯', name: 'Save this chart', items: () => [...pictures, numbers] }).element;
}
