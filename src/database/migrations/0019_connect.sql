-- Being connected: settings and secrets are kept, nothing is read or written for it before a person finishes it.
alter table accounts add column draft_since timestamptz;

-- One row a seller who was sent to the channel's page. The state itself is in the seller's browser only.
create table consents (
  id uuid primary key,
  account_id uuid not null references accounts on delete cascade,
  state_hash bytea not null unique,
  -- Who may come back with it; null: begun at a terminal, or by a program, where whoever holds the state may.
  user_id uuid references users on delete cascade,
  redirect_uri text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  ended_at timestamptz,
  -- Code and params of the problem; null where it succeeded.
  failure jsonb
);
create index consents_account on consents (account_id, created_at);

-- The newest round of live checks of an account; asked for while it has not ended.
create table check_rounds (
  account_id uuid primary key references accounts on delete cascade,
  asked_at timestamptz not null,
  ended_at timestamptz
);
create table checks (
  account_id uuid not null references check_rounds on delete cascade,
  check_id text not null,
  position int not null,
  state text not null check (state in ('waiting', 'running', 'ok', 'failed', 'skipped')),
  code text,
  facts jsonb not null,
  checked_at timestamptz,
  primary key (account_id, check_id)
);
