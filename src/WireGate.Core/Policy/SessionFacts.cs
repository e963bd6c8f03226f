using System.Net;
using WireGate.Core.Configuration;
using WireGate.Core.Sessions;

namespace WireGate.Core.Policy;

/// <summary>The facts of one session by which rules judge. They do not change while it lives.</summary>
public sealed record SessionFacts
{
    /// <summary>Who asks.</summary>
    public required Identity Identity { get; init; }

    /// <summary>What it reaches.</summary>
    public required TargetConfig Target { get; init; }

    /// <summary>Name of the target's login.</summary>
    public required string Login { get; init; }

    /// <summary>Name of the grant that opened it.</summary>
    public required string Grant { get; init; }

    /// <summary>Id of the placeholder that was presented; null: none was.</summary>
    public string? Placeholder { get; init; }

    /// <summary>The client's address; null on a Unix socket.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>The database asked for; null: none.</summary>
    public string? Database { get; init; }

    /// <summary>The application's name, as the client gives it; null: it does not.</summary>
    public string? Application { get; init; }

    /// <summary>How the caller was proven; null: that is not known.</summary>
    public string? Method { get; init; }

    /// <summary>Whether the client's connection is protected by TLS.</summary>
    public bool IsTls { get; init; }

    /// <summary>Whether it reads the upstream's log of changes, where no statement says of which tables.</summary>
    public bool IsReplication { get; init; }

    /// <summary>Of a session whose caller is proven and whose access is chosen, by its config.</summary>
    /// <exception cref="InvalidOperationException">Nobody has proven to be its caller.</exception>
    public static SessionFacts Of(Session session)
    {
        ArgumentNullException.ThrowIfNull(session);
        Caller caller = session.ProvenCaller;
        return new SessionFacts
        {
            Identity = caller.Identity,
            Target = session.Config.Targets.GetValueOrDefault(session.Access!.Target.Name, session.Access.Target),
            Login = session.Access.Login.Name,
            Grant = session.Access.Grant.Name,
            Placeholder = caller.Placeholder?.Id,
            Source = session.SourceAddress,
            Database = session.Database,
            Application = session.Application,
            Method = session.Method,
            IsTls = session.Client.Tls is not null,
            IsReplication = session.IsReplication,
        };
    }
}
