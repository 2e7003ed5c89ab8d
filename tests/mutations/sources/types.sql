-- Who owns it by its profile.
ALTER DATABASE types OWNER TO shop_owner;
