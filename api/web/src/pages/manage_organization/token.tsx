// A token for this organization, shown once, with the commands that use it.
import { useState } from 'preact/hooks';
import type { CreateOrganizationTokenResponse, Me, Organization } from '../../generated/api';
import { api } from '../../lib/api';
import { formatDateTime } from '../../lib/format';
import { Button, CopyBox, Notice, Tabs } from '../../lib/parts';
import { useAction } from '../../manage/acting';
import { commandOf, needsAuthority, programs, unknownEndpoint, type Program } from './commands';
import { text } from './words';

const does: Record<Program, string> = { worker: text.workerDoes, vod: text.vodDoes, edge: text.edgeDoes, proxy: text.proxyDoes };

function Command({ program, token, endpoint }: { program: Program; token: string; endpoint: string }) {
  return (
    <div class="stack">
      <p>{does[program]}</p>
      <CopyBox lines label={text.commandFor} value={commandOf(program, token, endpoint)} />
      {needsAuthority(endpoint) && <p class="hint">{text.caNote}</p>}
      {endpoint === unknownEndpoint && (
        <Notice tone="warning">
          <p>{text.noEndpoint}</p>
        </Notice>
      )}
    </div>
  );
}

export function TokenPanel({ me, organization }: { me: Me; organization: Organization }) {
  const [made, setMade] = useState<CreateOrganizationTokenResponse | null>(null);
  const [program, setProgram] = useState<string>('worker');
  const { busy, error, act } = useAction(async () =>
    setMade(await api.post<CreateOrganizationTokenResponse>(`/v1/${organization.name}:createToken`)),
  );
  const endpoint = me.installation?.grpcEndpoint || unknownEndpoint;
  return (
    <section class="panel" aria-labelledby="token-title" id="token">
      <header>
        <h2 id="token-title">{text.token}</h2>
      </header>
      <div class="stack">
        <p class="soft">{text.tokenText}</p>
        {made && (
          <>
            <Notice tone="good" title={text.tokenOnce}>
              <p>
                {text.tokenOnceText} {made.expireTime && text.tokenUntil(formatDateTime(made.expireTime))} {text.secretHint}
              </p>
            </Notice>
            <CopyBox label={text.tokenItself} value={made.token} />
            <Tabs
              label={text.program}
              selected={program}
              onSelect={setProgram}
              tabs={programs.map((one) => ({
                key: one,
                label: text[one],
                content: () => <Command program={one} token={made.token} endpoint={endpoint} />,
              }))}
            />
            <p class="hint">{text.appears}</p>
          </>
        )}
        {error !== null && <Notice error={error} />}
        <p class="row">
          <Button kind={made ? 'plain' : 'primary'} icon="key" busy={busy} onClick={() => void act()}>
            {made ? text.newToken : text.createToken}
          </Button>
          {made && (
            <Button icon="server" href={`/manage/resources?organization=${encodeURIComponent(organization.name)}`}>
              {text.showResources}
            </Button>
          )}
        </p>
      </div>
    </section>
  );
}
