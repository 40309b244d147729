-- How often a listing was changed lately (domain/revisions.ts), of channels that bound it, and from when on the next change may
-- leave: of a zero, of another lower number, of a raise.
create table listing_revisions (
  account_id uuid not null references accounts on delete cascade,
  listing text not null,
  hours jsonb not null,
  zero_at timestamptz not null,
  lower_at timestamptz not null,
  raise_at timestamptz not null,
  primary key (account_id, listing)
);
