using WireGate.Core.Audit;

namespace WireGate.Core.Sessions;

/// <summary>What of a session is shown, and written down. On its loop, but for <see cref="Describe"/>.</summary>
public static class SessionRecords
{
    /// <summary>What an operator sees of it.</summary>
    public static SessionInfo Describe(this Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new SessionInfo
        {
            Id = session.Id,
            Listener = session.Listener.Name,
            Source = SourceOf(session),
            Identity = session.Caller?.Identity,
            Placeholder = session.Placeholder?.Id,
            Target = session.Access?.Target.Name,
            Login = session.Access?.Login.Name,
            Grant = session.Access?.Grant.Name,
            Database = session.Database,
            Opened = session.Opened,
            Phase = session.Phase,
            ClientBytes = session.ClientBytes?.Invoke() ?? 0,
            UpstreamBytes = session.UpstreamBytes?.Invoke() ?? 0,
        };
    }

    /// <summary>An audit event with all that is known of the session.</summary>
    public static AuditEvent Event(this Session session, AuditEventKind kind)
    {
        ArgumentNullException.ThrowIfNull(session);
        return new AuditEvent(kind)
        {
            Session = session.Id,
            Listener = session.Listener.Name,
            Source = SourceOf(session),
            Identity = session.Caller?.Identity,
            Placeholder = session.Placeholder?.Id,
            Key = session.Caller?.Key?.Fingerprint,
            Certificate = session.Caller?.Key?.Certificate,
            Method = session.Method,
            Target = session.Access?.Target.Name,
            Login = session.Access?.Login.Name,
            Grant = session.Access?.Grant.Name,
            Database = session.Database,
            Protocol = session.Host is null ? null : session.Listener.Protocol,
            Host = session.Host,
            Application = session.Application,

            // Before that the client may still ask for it.
            IsTls = session.Access is null ? null : session.Client.Tls is not null,
            Config = session.Config.Version,
        };
    }

    /// <summary>The audit event of its end.</summary>
    public static AuditEvent EndEvent(this Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        return session.Event(AuditEventKind.SessionEnded) with
        {
            End = session.End,
            Detail = session.EndDetail,
            ClientBytes = session.ClientBytes?.Invoke(),
            UpstreamBytes = session.UpstreamBytes?.Invoke(),
            Answers = session.Answers?.Invoke(),
            Duration = session.Age,
        };
    }

    private static string SourceOf(Session session) => session.Client.Remote?.ToString() ?? "unix";
}
