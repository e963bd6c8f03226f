namespace WireGate.Demo;

/// <summary>What the demo's database holds: invented people, test card numbers of the card networks.</summary>
internal static class SampleData
{
    public const string Sql = """
        CREATE TABLE customers (
            id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, ssn text NOT NULL, card_number text NOT NULL);
        CREATE TABLE orders (
            id int PRIMARY KEY, customer int NOT NULL REFERENCES customers, item text NOT NULL, amount numeric(10, 2) NOT NULL, placed date NOT NULL);
        INSERT INTO customers VALUES
            (1, 'Ada Quill',     'ada@example.com',   '900-12-0001', '4111 1111 1111 1111'),
            (2, 'Bao Linden',    'bao@example.com',   '900-12-0002', '5555 5555 5555 4444'),
            (3, 'Carla Weiss',   'carla@example.org', '900-12-0003', '3782 822463 10005'),
            (4, 'Dmitri Okafor', 'dima@example.net',  '900-12-0004', '6011 1111 1111 1117'),
            (5, 'Elif Moreau',   'elif@example.com',  '900-12-0005', '4012 8888 8888 1881');
        INSERT INTO orders
            SELECT n, 1 + n % 5, (ARRAY['lamp', 'desk', 'chair', 'shelf'])[1 + n % 4], 10 + n * 3.5, date '2026-01-01' + n FROM generate_series(1, 40) AS n;
        """;
}
