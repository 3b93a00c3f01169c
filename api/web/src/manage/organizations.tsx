// The person's organizations, for filters and choices.
import type { Organization } from '../generated/api';
import { getAll } from '../lib/api';
import { Select, useLoad, type Load } from '../lib/parts';
import { indented } from './tree';
import { text } from './words';

export const maintainedPath = '/v1/organizations?maintained=true&page_size=1000';

export function useOrganizations(initial: Organization[] | null = null): Load<Organization[]> {
  return useLoad(() => getAll<Organization>(maintainedPath, 'organizations'), initial);
}

// All that there are, for the names of those above.
export function useAllOrganizations(): Load<Organization[]> {
  return useLoad(() => getAll<Organization>('/v1/organizations?page_size=1000', 'organizations'));
}

interface PickerProps {
  organizations: Organization[];
  value: string;
  all?: string; // what the choice of none is called
  label?: string;
  onChange: (name: string) => void;
}

export function OrganizationPicker({
  organizations,
  value,
  all = text.allOrganizations,
  label = text.organization,
  onChange,
}: PickerProps) {
  const options = [{ value: '', label: all }, ...indented(organizations)];
  return <Select label={label} value={value} options={options} onChange={onChange} />;
}
