"""The reference avatars and how they are drawn, with numpy alone. The registry beside this folder names them."""
