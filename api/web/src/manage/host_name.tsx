import { Fragment } from 'preact';

// A host's name that is broken at its dots only, where a column is narrow.
export function HostName({ host }: { host: string }) {
  return (
    <>
      {host.split(/(?<=\.)/).map((part, i) => (
        <Fragment key={i}>
          {i > 0 && <wbr />}
          {part.length > 20 ? part : <span class="nowrap">{part}</span>}
        </Fragment>
      ))}
    </>
  );
}
