-- Kits: a variant that is made of others. Its stock is its components' stock; a sale promises and moves them.

create table kit_components (
  kit_id uuid not null references variants,
  component_id uuid not null references variants,
  quantity int not null check (quantity > 0),
  primary key (kit_id, component_id),
  constraint no_kit_of_itself check (kit_id <> component_id)
);
create index kit_components_component on kit_components (component_id);
-- The same resolved down to what lies on a shelf: kits in kits count in their parts.
create table kit_parts (
  kit_id uuid not null references variants,
  variant_id uuid not null references variants,
  quantity int not null check (quantity > 0),
  primary key (kit_id, variant_id)
);
create index kit_parts_variant on kit_parts (variant_id);

-- One promise per order line and part; what one sale takes of the part is kept as it was when promised.
alter table reservation_lines add column per_sale int;
update reservation_lines r set per_sale = coalesce(
  (select l.units_per_sale from order_lines l where l.id = r.order_line_id),
  (select s.units_per_sale from stock_slots s where s.id = r.slot_id), 1);
alter table reservation_lines alter column per_sale set not null;
alter table reservation_lines add constraint per_sale_positive check (per_sale > 0);
alter table reservation_lines drop constraint reservation_lines_order_line_id_key;
create unique index reservation_lines_order_line on reservation_lines (order_line_id, variant_id) where order_line_id is not null;
