using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Benchmarks.Audit;

/// <summary>
/// Appending as an event loop does, to the mapped file: JSON, hash and copy. Each iteration gets a log of its own with room for all of
/// its records, so that no disk is measured and none is filled.
/// </summary>
public class AuditBenchmarks
{
    private const int Appends = 16_384;
    private const int SegmentSize = 64 * 1024 * 1024;

    private static readonly Identity Alice = new() { Issuer = "corp", Subject = "alice@example.com", Groups = ["sre", "dba"] };

    private static readonly AuditEvent Authenticated = new(AuditEventKind.SessionAuthenticated)
    {
        Session = "01JD5Q7S3M9T",
        Listener = "pg",
        Source = "10.20.30.40:51234",
        Identity = Alice,
        Placeholder = "rhslSgdFOC",
        Method = "scram-sha-256",
        Target = "orders",
        Login = "rw",
        Grant = "sre-db",
        Database = "orders",
        Config = "3f9c1a52",
    };

    private static readonly AuditEvent Ended = new(AuditEventKind.SessionEnded)
    {
        Session = "01JD5Q7S3M9T",
        Listener = "pg",
        Source = "10.20.30.40:51234",
        Identity = Alice,
        Target = "orders",
        Login = "rw",
        End = SessionEnd.ClientClosed,
        ClientBytes = 4_711,
        UpstreamBytes = 1_048_576,
        Duration = TimeSpan.FromMilliseconds(734.5),
    };

    private string _directory = null!;
    private AuditLog _log = null!;

    [IterationSetup]
    public void Open()
    {
        _directory = Directory.CreateTempSubdirectory("wiregate-bench-").FullName;
        _log = AuditLog.Open(_directory, 1, TimeProvider.System, NullLogger.Instance, new SegmentDisk(), SegmentSize);
        AuditLog.BindThreadToChain(0);
        _log.Append(Ended);
    }

    [IterationCleanup]
    public void Close()
    {
        _log.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = Appends)]
    public void Append_session_authenticated() => Append(Authenticated);

    [Benchmark(OperationsPerInvoke = Appends)]
    public void Append_session_ended() => Append(Ended);

    private void Append(AuditEvent auditEvent)
    {
        for (int i = 0; i < Appends; i++)
        {
            _log.Append(auditEvent);
        }
    }
}
