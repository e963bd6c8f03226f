using Microsoft.Extensions.Logging;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Credentials;
using WireGate.Core.Policy.External;
using WireGate.Core.Sessions;
using WireGate.Core.Transport.Tls;
using WireGate.Postgres.Authentication;
using WireGate.Postgres.Cancellation;
using WireGate.Postgres.Masking;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres;

/// <summary>What a session needs of the process that it runs in.</summary>
/// <param name="Placeholders">Who may be who.</param>
/// <param name="Secrets">The real credentials.</param>
/// <param name="Audit">Where everything is written first.</param>
/// <param name="Admission">Limits and penalties.</param>
/// <param name="TurnedAway">Where connections are counted that are worth no record of their own.</param>
/// <param name="Approvals">Where held operations wait.</param>
/// <param name="MaskKey">Key of the hashes that masks show, 32 bytes; as long as it is the same, equal values have equal hashes.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">For the operator.</param>
public sealed record PostgresServices(
    IPlaceholderStore Placeholders, SecretProvider Secrets, IAuditLog Audit, Admission Admission, TurnedAway TurnedAway,
    IApprovals Approvals, ReadOnlyMemory<byte> MaskKey, TimeProvider Time, ILogger<PostgresProtocol> Logger);

/// <summary>The PostgreSQL frontend/backend protocol, versions 3.0 and 3.2.</summary>
public sealed class PostgresProtocol : IProtocol, IDisposable
{
    /// <summary>Logins whose derived keys are kept, so that a new session costs no PBKDF2.</summary>
    private const int CachedLogins = 1024;

    /// <summary>Texts whose facts are kept for all sessions: what some hundred applications send again and again.</summary>
    private const int CachedStatements = 32 * 1024;

    private const long CachedStatementBytes = 64 * 1024 * 1024;

    private readonly PostgresServices _services;
    private readonly ScramKeyCache _keys = new(CachedLogins, ScramKeyCache.PlacesOfProcess);
    private readonly UpstreamConnector _connector = new();
    private readonly CancelRegistry _cancels;
    private readonly ListenerTls _tls = new(Startup.ClientOpening.ApplicationProtocol);
    private readonly UpstreamTroubles _troubles;
    private readonly DecisionPoint _point = new();
    private readonly StatementCache _statements = new(CachedStatements, CachedStatementBytes);

    private readonly CatalogCache _catalogs;

    /// <summary>One for all listeners of the process: a cancel request may come in by another one than its session.</summary>
    public PostgresProtocol(PostgresServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        _cancels = new CancelRegistry(services.Time);
        _catalogs = new CatalogCache(services, _connector, _keys, _statements);
        _troubles = new UpstreamTroubles(services.Time, services.Logger);
    }

    /// <inheritdoc/>
    public string Name => "postgres";

    /// <inheritdoc/>
    public async ValueTask RunAsync(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        // Not one method: what only the handshake needs is gone while the session lies idle.
        var handshake = new Handshake(_services, _connector, new UpstreamLogin(_keys), _cancels, _tls, _troubles, _statements, _point, _catalogs);
        if (await handshake.RunAsync(session) is not { } established)
        {
            return;
        }

        try
        {
            await established.Relay.RunAsync();
            if (established.Relay.LeftUpstreamRunning && established.Cancel is { } running)
            {
                await session.Client.DisposeAsync();
                await new UpstreamCancel(_connector).SendAsync(session.Loop, running, _services.Time);
            }
        }
        finally
        {
            if (established.Cancel is { } issued)
            {
                _cancels.Withdraw(issued);
            }
        }
    }

    /// <summary>Erases the derived keys.</summary>
    public void Dispose()
    {
        _keys.Dispose();
        _point.Dispose();
    }
}
