-- Stores that take an order's units off their number once it is paid: not yet, or by then at the latest.
alter table orders
  add column is_untaken boolean not null default false,
  add column taken_by timestamptz;
create index orders_untaken on orders (account_id) where is_untaken;
-- Of which order a sale is.
alter table store_sales add column order_id uuid references orders on delete cascade;
-- … and when, by the store's clock, its order changed so.
alter table store_sales add column changed_at timestamptz;
