-- Who let an account go live without checks that had passed.
create table live_overrides (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  by text not null,
  at timestamptz not null
);
create index live_overrides_account on live_overrides (account_id, at);
