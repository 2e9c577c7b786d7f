"""PxWebApi 2 over the serve road: for the clients that statistical users already have."""
