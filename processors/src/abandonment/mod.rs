//! Tells who gave a contact, left, and did not come back in time.
