-- Dispatches that are not over are found by their own row, which is made together with the errand: those that are over stay,
-- and nobody walks over them.
insert into dispatches (errand_id, account_id, next_at, state, booked, cancel_asked_at, changed_at)
  select e.id, e.account_id, case when e.state <> 'dropped' then e.changed_at end, 'working', '{}', null, e.changed_at
  from errands e where e.kind = 'dispatch' on conflict (errand_id) do nothing;
create index dispatches_open on dispatches (errand_id) where next_at is not null;
-- Of an order: whether its lines may still be handed over.
create index locations_lent on locations (id) where kind = 'lent';
