import { mount, Page, pageMe } from '../../lib/layout';
import { Skeleton } from '../../lib/parts';

mount(<Page me={pageMe()} title=""><Skeleton lines={6} /></Page>);
