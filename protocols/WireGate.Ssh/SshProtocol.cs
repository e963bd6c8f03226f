using Microsoft.Extensions.Logging;
using WireGate.Core.Approvals;
using WireGate.Core.Audit;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Policy.External;
using WireGate.Core.Recording;
using WireGate.Core.Sessions;
using WireGate.Ssh.Transport;
using WireGate.Ssh.Upstream;

namespace WireGate.Ssh;

/// <summary>What a session needs of the process that it runs in.</summary>
/// <param name="Placeholders">Who may be who.</param>
/// <param name="Secrets">The real credentials.</param>
/// <param name="Audit">Where everything is written first.</param>
/// <param name="Admission">Limits and penalties.</param>
/// <param name="Approvals">Where held operations wait.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">For the operator.</param>
/// <param name="Recorder">Keeps what people saw of sessions; null: nobody does.</param>
public sealed record SshServices(
    IPlaceholderStore Placeholders, SecretProvider Secrets, IAuditLog Audit, Admission Admission, IApprovals Approvals, TimeProvider Time,
    ILogger<SshProtocol> Logger, IRecorder? Recorder = null);

/// <summary>SSH 2.0: a transport of our own to either side, and the packets between them.</summary>
public sealed class SshProtocol : IProtocol, IDisposable
{
    private readonly SshServices _services;
    private readonly ListenerKeys _listenerKeys = new();
    private readonly KnownUpstreams _knownUpstreams = new();
    private readonly UpstreamTroubles _troubles;
    private readonly DecisionPoint _point = new();

    /// <summary>One for all listeners of the process.</summary>
    public SshProtocol(SshServices services)
    {
        ArgumentNullException.ThrowIfNull(services);
        _services = services;
        _troubles = new UpstreamTroubles(services.Time, services.Logger);
    }

    /// <inheritdoc/>
    public string Name => ProtocolNames.Ssh;

    /// <inheritdoc/>
    public async ValueTask RunAsync(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        if (await new Handshake(_services, _listenerKeys, _knownUpstreams, _troubles, _point).RunAsync(session) is not { } relay)
        {
            return;
        }

        using (relay)
        {
            await relay.RunAsync();
        }
    }

    /// <summary>Closes the connections to who else is asked.</summary>
    public void Dispose() => _point.Dispose();
}
