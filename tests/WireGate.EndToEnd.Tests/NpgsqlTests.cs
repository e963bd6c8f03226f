using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>Npgsql: the extended protocol with binary values, pipelined batches, and its pool.</summary>
[TestFixtureSource(typeof(Route), nameof(Route.All))]
internal sealed class NpgsqlTests(Route route)
{
    private NpgsqlConnection _connection = null!;

    [SetUp]
    public async Task ConnectAsync() => _connection = await (await route.OpenAsync()).OpenAsync();

    [TearDown]
    public ValueTask DisconnectAsync() => _connection.DisposeAsync();

    [Test]
    public async Task Prepared_statements_are_reused()
    {
        await using var command = new NpgsqlCommand("SELECT email FROM customers WHERE id = $1", _connection);
        NpgsqlParameter parameter = command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Integer });
        await command.PrepareAsync();
        var emails = new List<object?>();
        for (int id = 1; id <= 50; id++)
        {
            parameter.Value = id;
            emails.Add(await command.ExecuteScalarAsync());
        }

        Assert.That(emails, Is.EqualTo(Enumerable.Range(1, 50).Select(id => $"c{id}@example.com")));
    }

    [Test]
    public async Task An_error_in_a_batch_skips_the_rest_and_rolls_it_back()
    {
        await ExecuteAsync("CREATE TEMPORARY TABLE t (n int)");
        await using var batch = new NpgsqlBatch(_connection)
        {
            BatchCommands = { new("INSERT INTO t VALUES (1)"), new("SELECT 1 / 0"), new("INSERT INTO t VALUES (2)") },
        };

        PostgresException? error = Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());

        Assert.That(error!.SqlState, Is.EqualTo(PostgresErrorCodes.DivisionByZero));
        await using var count = new NpgsqlCommand("SELECT count(*) FROM t", _connection);
        Assert.That(await count.ExecuteScalarAsync(), Is.EqualTo(0L));
    }

    [Test]
    public async Task Binary_copy_goes_both_ways()
    {
        await ExecuteAsync("CREATE TEMPORARY TABLE t (id int, at timestamptz, data bytea)");
        var at = new DateTime(2024, 2, 29, 12, 0, 0, DateTimeKind.Utc);
        await using (NpgsqlBinaryImporter importer = await _connection.BeginBinaryImportAsync("COPY t FROM STDIN (FORMAT binary)"))
        {
            for (int id = 0; id < 20_000; id++)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(id, NpgsqlDbType.Integer);
                await importer.WriteAsync(at.AddSeconds(id), NpgsqlDbType.TimestampTz);
                await importer.WriteAsync(new byte[id % 100], NpgsqlDbType.Bytea);
            }

            Assert.That(await importer.CompleteAsync(), Is.EqualTo(20_000UL));
        }

        int row = 0;
        await using NpgsqlBinaryExporter exporter = await _connection.BeginBinaryExportAsync("COPY (SELECT * FROM t ORDER BY id) TO STDOUT (FORMAT binary)");
        while (await exporter.StartRowAsync() >= 0)
        {
            Assert.That(await exporter.ReadAsync<int>(NpgsqlDbType.Integer), Is.EqualTo(row));
            Assert.That(await exporter.ReadAsync<DateTime>(NpgsqlDbType.TimestampTz), Is.EqualTo(at.AddSeconds(row)));
            Assert.That(await exporter.ReadAsync<byte[]>(NpgsqlDbType.Bytea), Has.Length.EqualTo(row % 100));
            row++;
        }

        Assert.That(row, Is.EqualTo(20_000));
    }

    [Test]
    public async Task A_copy_that_is_given_up_leaves_the_session_usable()
    {
        await ExecuteAsync("CREATE TEMPORARY TABLE t (id int)");
        await using (NpgsqlBinaryImporter importer = await _connection.BeginBinaryImportAsync("COPY t FROM STDIN (FORMAT binary)"))
        {
            await importer.StartRowAsync();
            await importer.WriteAsync(1, NpgsqlDbType.Integer);
        }

        await using var count = new NpgsqlCommand("SELECT count(*) FROM t", _connection);
        Assert.That(await count.ExecuteScalarAsync(), Is.EqualTo(0L));
    }

    [Test]
    public async Task A_64_MB_value_goes_in_and_comes_back()
    {
        byte[] value = RandomNumberGenerator.GetBytes(64 * 1024 * 1024);
        await using var command = new NpgsqlCommand("SELECT $1, length($1)", _connection);
        command.Parameters.Add(new NpgsqlParameter { Value = value, NpgsqlDbType = NpgsqlDbType.Bytea });

        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();

        Assert.That(await reader.ReadAsync(), Is.True);
        Assert.That(reader.GetInt32(1), Is.EqualTo(value.Length));
        Assert.That(SHA256.HashData(reader.GetFieldValue<byte[]>(0)), Is.EqualTo(SHA256.HashData(value)));
    }

    [Test]
    public async Task A_notification_arrives_while_idle_and_names_its_sender()
    {
        string channel = $"c{Guid.NewGuid():N}";
        await ExecuteAsync($"LISTEN {channel}");
        NpgsqlNotificationEventArgs? heard = null;
        _connection.Notification += (_, e) => heard = e;
        await using NpgsqlConnection other = await (await route.OpenAsync()).OpenAsync();
        await using var notify = new NpgsqlCommand($"NOTIFY {channel}, 'hello'", other);
        await notify.ExecuteNonQueryAsync();

        Assert.That(await _connection.WaitAsync(Wait.Limit), Is.True);

        Assert.That(heard!.Payload, Is.EqualTo("hello"));
        Assert.That(heard.PID, Is.EqualTo(other.ProcessID));
    }

    [Test]
    public async Task A_cancel_stops_the_statement_of_its_own_session_only()
    {
        PostgresCluster cluster = await Machine.ClusterAsync(route.Version);
        await using NpgsqlConnection other = await (await route.OpenAsync()).OpenAsync();
        await using var slow = new NpgsqlCommand("SELECT pg_sleep(600)", _connection);
        await using var bystander = new NpgsqlCommand($"SELECT pg_sleep(0.2) FROM generate_series(1, 1000) WHERE pg_backend_pid() = {other.ProcessID}", other);
        Task running = slow.ExecuteNonQueryAsync();
        Task bystanding = bystander.ExecuteNonQueryAsync();
        await Wait.UntilAsync(
            async () => await cluster.AskAsync(
                $"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid IN ({_connection.ProcessID}, {other.ProcessID})") == "2",
            "both statements to run");

        slow.Cancel();
        OperationCanceledException? error = Assert.CatchAsync<OperationCanceledException>(() => running);

        Assert.That((error!.InnerException as PostgresException)?.SqlState, Is.EqualTo(PostgresErrorCodes.QueryCanceled));
        Assert.That(bystanding.IsCompleted, Is.False);
        bystander.Cancel();
        Assert.CatchAsync<OperationCanceledException>(() => bystanding);
    }

    [Test]
    public async Task A_pool_serves_many_at_once()
    {
        NpgsqlConnectionStringBuilder settings = (await route.OpenAsync()).ToConnectionString();
        settings.Pooling = true;
        settings.MaxPoolSize = 10;
        await using NpgsqlDataSource source = NpgsqlDataSource.Create(settings);

        long[] sums = await Task.WhenAll(Enumerable.Range(1, 100).Select(async n =>
        {
            await using NpgsqlCommand command = source.CreateCommand($"SELECT sum(id) FROM customers WHERE id <= {n}");
            return (long)(await command.ExecuteScalarAsync())!;
        }));

        Assert.That(sums, Is.EqualTo(Enumerable.Range(1, 100).Select(n => n * (n + 1L) / 2)));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }
}
