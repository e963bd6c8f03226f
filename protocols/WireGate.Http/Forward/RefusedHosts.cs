using System.Net;
using WireGate.Core.Audit;
using WireGate.Core.Sessions;

namespace WireGate.Http.Forward;

/// <summary>
/// Refuses hosts that are no targets, and what is no request for a proxy. Whoever has HTTPS_PROXY in its environment comes with whatever its programs like
/// to reach, again and again: the first of them are in the audit log one by one, and the rest are counted there. Nor do the first cost anything: behind
/// the address of one container there may be many, whom it must not lock out. Beyond them each costs what silence does, so that whoever tries one host
/// after the other is let in ten times in ten seconds, and then once in a second. Shared by all loops.
/// </summary>
/// <param name="services">The process.</param>
internal sealed class RefusedHosts(HttpServices services)
{
    // In this time.
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    /// <summary>Lines of one source, and of all of them.</summary>
    public const int MostOfSource = 10, MostOfAll = 100;

    private const int MostSources = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, int> _bySource = [];
    private DateTimeOffset _until;
    private int _all;

    /// <summary>Ends a session that has asked for such a host.</summary>
    /// <param name="session">It.</param>
    /// <param name="problem">What its client is told.</param>
    /// <param name="detail">What the log says.</param>
    /// <returns>What its client is told as a reference; null: it has no line of its own.</returns>
    /// <exception cref="AuditFailedException">It could not be written down.</exception>
    public string? Refuse(Session session, string problem, string detail)
    {
        bool isAmongFirst = IsAmongFirst(session.SourceAddress, out bool isWritten);
        if (!isAmongFirst)
        {
            services.Admission.PenalizeSilence(session.SourceAddress, session.Config.Limits);
        }

        return Refuse(session, new Refusal(SessionEnd.UnknownTarget, problem, detail), isWritten, "for hosts that are no targets");
    }

    /// <summary>Ends a session that has asked for nothing that a proxy knows; what that costs its source is for whoever runs the session.</summary>
    /// <param name="session">It.</param>
    /// <param name="refusal">What it is told.</param>
    /// <inheritdoc cref="Refuse(Session, string, string)"/>
    public string? Refuse(Session session, Refusal refusal)
    {
        IsAmongFirst(session.SourceAddress, out bool isWritten);
        return Refuse(session, refusal, isWritten, "for what is no request to a proxy");
    }

    private string? Refuse(Session session, Refusal refusal, bool isWritten, string what)
    {
        if (services.TurnedAway is not { } away || isWritten)
        {
            return session.TryRefuse(refusal, services.Audit) ? refusal.Reference : null;
        }

        away.Count(session.Listener.Name, session.SourceAddress, what);
        session.IsRefused = session.TryEnd(refusal.End, refusal.Detail);
        return null;
    }

    private bool IsAmongFirst(IPAddress? address, out bool isWritten)
    {
        IPAddress source = address ?? IPAddress.None;
        DateTimeOffset now = services.Time.GetUtcNow();
        lock (_lock)
        {
            if (now >= _until)
            {
                (_until, _all) = (now + Window, 0);
                _bySource.Clear();
            }

            // Of more sources than this nobody keeps account, and those pay.
            bool isKnown = _bySource.TryGetValue(source, out int before) || _bySource.Count < MostSources;
            bool isAmongFirst = isKnown && before < MostOfSource;
            if (isAmongFirst)
            {
                _bySource[source] = before + 1;
            }

            isWritten = isAmongFirst && _all < MostOfAll;
            _all += isWritten ? 1 : 0;
            return isAmongFirst;
        }
    }
}
