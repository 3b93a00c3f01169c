// What to type into OBS, and why.
import type { ComponentChildren } from 'preact';
import type { Me } from '../../generated/api';
import { CopyBox, Notice } from '../../lib/parts';
import { text } from './set_up_words';

function Step({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <li>
      <div class="stack">
        <h3>{title}</h3>
        {children}
      </div>
    </li>
  );
}

function Values({ label, rows }: { label: string; rows: string[][] }) {
  return (
    <dl class="settings-list" aria-label={label}>
      {rows.map(([name, value, why]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <strong>{value}</strong> <span class="soft">{why}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

interface SetUpProps {
  me: Me | null;
  secret: string;
  haveToken: boolean;
}

export function SetUp({ me, secret, haveToken }: SetUpProps) {
  const server = me?.installation?.rtmpUrl ?? '';
  return (
    <section class="panel stack" aria-labelledby="setup">
      <div>
        <h2 id="setup">{text.setUp}</h2>
        <p class="soft">{text.setUpHint}</p>
      </div>
      <ol class="steps">
        <Step title={text.step1}>
          <p>{text.step1Why}</p>
          {server ? <CopyBox label={text.server} value={server} /> : <Notice tone="warning">{text.noServer}</Notice>}
          {secret ? (
            <CopyBox label={text.keyNew} value={secret} />
          ) : (
            <p>
              {haveToken ? text.keyHave : text.keyHint} <a href="#keys">{text.keys}</a>
            </p>
          )}
          <p class="hint">{text.twoViews}</p>
        </Step>
        <Step title={text.step2}>
          <Values label={text.step2} rows={text.step2List} />
        </Step>
        <Step title={text.step3}>
          <Values label={text.step3} rows={text.step3List} />
        </Step>
        <Step title={text.step4}>
          <p>{text.step4Text}</p>
        </Step>
      </ol>
    </section>
  );
}
