using System.Data;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;
using WireGate.EndToEnd.Tests.Harness;

namespace WireGate.EndToEnd.Tests;

/// <summary>One value near PostgreSQL's limit passes through a gateway whose memory does not grow with it.</summary>
internal sealed class LargeValueTests
{
    private const long Size = 1_000_000_000;

    /// <summary>Far above what buffers and the runtime need, far below the value.</summary>
    private const long Allowed = 96L * 1024 * 1024;

    [TestCase(false)]
    [TestCase(true)]
    public async Task A_value_of_1_GB_streams_at_constant_memory(bool tls)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(await Machine.ClusterAsync(18));
        NpgsqlConnectionStringBuilder settings = gateway.Through(await gateway.MintAsync(), tls).ToConnectionString();
        settings.CommandTimeout = 300;
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync();
        long before = HighWaterMark(gateway.ProcessId);

        await using var command = new NpgsqlCommand($"SELECT repeat('x', {Size})", connection);
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(CommandBehavior.SequentialAccess);
        Assert.That(await reader.ReadAsync(), Is.True);
        await using Stream value = await reader.GetStreamAsync(0);
        byte[] buffer = new byte[128 * 1024];
        long total = 0;
        int count;
        while ((count = await value.ReadAsync(buffer)) > 0)
        {
            total += count;
            Assert.That(buffer.AsSpan(0, count).ContainsAnyExcept((byte)'x'), Is.False);
        }

        Assert.That(total, Is.EqualTo(Size));
        Assert.That(HighWaterMark(gateway.ProcessId) - before, Is.LessThan(Allowed));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Rows_of_a_copy_go_in_at_constant_memory(bool tls)
    {
        await using GatewayProcess gateway = await GatewayProcess.StartAsync(await Machine.ClusterAsync(18));
        await using NpgsqlConnection connection = await gateway.Through(await gateway.MintAsync(), tls).OpenAsync();
        await using var create = new NpgsqlCommand("CREATE TEMPORARY TABLE t (n int, data text STORAGE EXTERNAL)", connection);
        await create.ExecuteNonQueryAsync();
        long before = HighWaterMark(gateway.ProcessId);

        string value = new('x', 32 * 1024 * 1024);
        await using (NpgsqlBinaryImporter importer = await connection.BeginBinaryImportAsync("COPY t FROM STDIN (FORMAT binary)"))
        {
            for (int row = 0; row < 8; row++)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(row, NpgsqlDbType.Integer);
                await importer.WriteAsync(value, NpgsqlDbType.Text);
            }

            await importer.CompleteAsync();
        }

        await using var sum = new NpgsqlCommand("SELECT sum(length(data)) FROM t", connection);
        Assert.That(await sum.ExecuteScalarAsync(), Is.EqualTo(8L * value.Length));
        Assert.That(HighWaterMark(gateway.ProcessId) - before, Is.LessThan(Allowed));
    }

    /// <summary>The most resident memory that a process ever had, in bytes.</summary>
    private static long HighWaterMark(int processId)
    {
        string line = File.ReadLines($"/proc/{processId}/status").Single(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }
}
