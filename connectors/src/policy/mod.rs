//! What decides, before any send, whether, when and to whom: pure.
