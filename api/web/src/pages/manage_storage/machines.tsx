// Where the recordings lie, and the room that is left there.
import type { Resource } from '../../generated/api';
import { bytesText, idOf } from '../../lib/format';
import { Bar } from '../../lib/parts';
import { HostName } from '../../manage/host_name';
import { ResourcePill } from '../../manage/states';
import { text } from './words';

export const numbersOf = ({ load }: Resource) => ({
  free: Number(load?.diskFreeBytes ?? 0),
  all: Number(load?.diskTotalBytes ?? 0),
});

export function Machines({ services }: { services: Resource[] }) {
  return (
    <section class="section" aria-labelledby="machines">
      <div class="section-head">
        <h2 id="machines">{text.machines}</h2>
      </div>
      <p class="soft machines-lead">{services.length > 0 ? text.machinesText : text.noMachines}</p>
      <ul class="machines">
        {services.map((service) => {
          const { free, all } = numbersOf(service);
          return (
            <li key={service.name} class="panel">
              <div class="row">
                <strong class="grow">
                  <a href={`/manage/resources?open=${idOf(service.name)}`}>
                    <HostName host={service.host} />
                  </a>
                </strong>
                <ResourcePill state={service.state} />
              </div>
              {all > 0 && (
                <>
                  <Bar value={1 - free / all} label={service.host} />
                  <p class="small-text tabular">{text.used(bytesText(free), bytesText(all))}</p>
                </>
              )}
              <p class="soft small-text">{service.organizationName}</p>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
