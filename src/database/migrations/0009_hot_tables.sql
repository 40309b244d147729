-- The three tables that every sale writes check no reference to variants, slots, locations and accounts row by row: the
-- writer holds the lock on the variant's level, which has that reference, and none of these is ever deleted. It was a
-- third of what an order cost the database. References within an order and a checkout stay.
alter table order_lines drop constraint order_lines_variant_id_fkey, drop constraint order_lines_slot_id_fkey;
alter table reservation_lines drop constraint reservation_lines_variant_id_fkey, drop constraint reservation_lines_slot_id_fkey;
alter table stock_movements drop constraint stock_movements_variant_id_fkey, drop constraint stock_movements_location_id_fkey;

-- A line of the ledger is named by its place in it; nothing ever looks one up by its id.
alter table stock_movements drop constraint stock_movements_pkey, drop constraint stock_movements_seq_key;
alter table stock_movements add primary key (seq);
