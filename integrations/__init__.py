"""What lies outside: each folder holds a client, its errors and a stand-in for trying out."""
