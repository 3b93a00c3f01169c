// The figures on top of the dashboard.
import type { Resource } from '../../generated/api';
import { bytesText } from '../../lib/format';
import { Button, Notice } from '../../lib/parts';
import { Tile } from '../../manage/meter';
import { text as common } from '../../manage/words';
import { summaryOf } from './view';
import { text } from './words';

export function Summary({ resources, onTrouble }: { resources: Resource[]; onTrouble: () => void }) {
  const sum = summaryOf(resources);
  const versions = sum.versions.map(([version, count]) => `${version} (${count})`).join(', ');
  const share = (used: number, all: number) => (all > 0 ? used / all : 0);
  return (
    <>
      <dl class="tiles" aria-label={text.summary}>
        <Tile
          title={text.tileWorkers}
          figure={String(sum.workersAlive)}
          detail={common.of('', String(sum.workers)).trim()}
          share={share(sum.workersAlive, sum.workers)}
        />
        <Tile
          title={text.tileSlots}
          figure={String(sum.slotsUsed)}
          detail={common.of('', String(sum.slots)).trim()}
          share={share(sum.slotsUsed, sum.slots)}
        />
        <Tile
          title={text.tileLive}
          figure={String(sum.liveSlotsUsed)}
          detail={common.of('', String(sum.liveSlots)).trim()}
          share={share(sum.liveSlotsUsed, sum.liveSlots)}
        />
        <Tile
          title={text.tileDisk}
          figure={sum.vodServices ? bytesText(sum.diskFree) : text.none}
          detail={sum.vodServices ? text.vodServices(sum.vodServices) : undefined}
          share={share(sum.diskAll - sum.diskFree, sum.diskAll)}
        />
        <Tile
          title={text.tileTrouble}
          figure={sum.trouble ? String(sum.trouble) : text.tileFine}
          tone={sum.trouble ? 'bad' : 'good'}
          detail={sum.trouble ? text.tileTroubleDetail(sum.trouble) : text.tileFineDetail}
        >
          {sum.trouble > 0 && (
            <Button small onClick={onTrouble}>
              {text.tileShow}
            </Button>
          )}
        </Tile>
      </dl>
      {sum.versions.length > 1 && <Notice tone="info">{text.versions(versions)}</Notice>}
    </>
  );
}
