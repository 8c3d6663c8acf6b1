-- Locations are few and read with every reservation.
ALTER TABLE location SET LOCALITY GLOBAL;
