using System.Net;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Http.Forward;

/// <summary>
/// Refuses hosts that are no targets. Whoever has HTTPS_PROXY in its environment comes with whatever its programs like to reach, again and again: the
/// first of them are in the audit log one by one, and the rest are counted there. Shared by all loops.
/// </summary>
/// <param name="services">The process.</param>
internal sealed class RefusedHosts(HttpServices services)
{
    // In this time.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>Lines of one source, and of all of them.</summary>
    public const int MostOfSource = 10, MostOfAll = 100;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _written = [];
    private DateTimeOffset _until;
    private int _all;

    /// <summary>Ends a session that has asked for such a host.</summary>
    /// <returns>What its client is told as a reference; null: it has no line of its own.</returns>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public string? Refuse(Session session, string problem)
    {
        services.Admission.PenalizeSilence(session.SourceAddress, session.Config.Limits);
        var refusal = new Refusal(SessionEnd.UnknownTarget, problem, problem);
        if (services.TurnedAway is not { } away || IsWritten(session.SourceAddress ?? IPAddress.None))
        {
            return session.TryRefuse(refusal, services.Audit) ? refusal.Reference : null;
        }

        away.Count(session.Listener.Name, session.SourceAddress, "for hosts that are no targets");
        session.IsRefused = session.TryEnd(refusal.End, refusal.Detail);
        return null;
    }

    private bool IsWritten(IPAddress source)
    {
        DateTimeOffset now = services.Time.GetUtcNow();
        lock (_lock)
        {
            if (now >= _until)
            {
                (_until, _all) = (now + Window, 0);
                _written.Clear();
            }

            int before = _written.GetValueOrDefault(source);
            if (_all >= MostOfAll || before >= MostOfSource)
            {
                return false;
            }

            _all++;
            _written[source] = before + 1;
            return true;
        }
    }
}
