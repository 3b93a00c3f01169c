import { Missing, mount, Page, pageMe } from '../../lib/layout';
import { t } from './words';

const me = pageMe();

mount(
  <Page me={me} title={t.title} narrow>
    <Missing me={me} error={null} title={t.title}>
      {t.hint}
    </Missing>
  </Page>,
);
