-- Orders that a channel wants acknowledged in time, and the day on which it cancels what has not left.
alter table orders add column acknowledge_by timestamptz;
alter table orders add column cancels_at timestamptz;
create index orders_acknowledge on orders (account_id, acknowledge_by) where acknowledge_by is not null;
create index orders_cancels on orders (account_id, cancels_at) where cancels_at is not null;

-- To acknowledge an order is one more thing a channel is told once at most; of those due the earliest deadline goes first.
alter table errands drop constraint errands_kind_check;
alter table errands add constraint errands_kind_check
  check (kind in ('acknowledgement', 'shipment', 'cancellation', 'refund', 'copy', 'dispatch'));
alter table errands add column deadline_at timestamptz;
