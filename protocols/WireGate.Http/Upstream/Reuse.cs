using WireGate.Core.Configuration;
using WireGate.Http.Http1;

namespace WireGate.Http.Upstream;

/// <summary>
/// Whose a connection of HTTP/1.1 is any more. Some servers answer and leave the body of the request where it was: then it is the beginning of the next
/// request, which is made with the real credential and was judged by nobody ("CL.0" of the literature on smuggling). Some say more than
/// they said they would, and that is the beginning of the next answer. Nobody in front of them sees it.
/// </summary>
internal enum Reuse
{
    /// <summary>It is closed: not all was said or heard, or it has become something else.</summary>
    Nobody = 0,

    /// <summary>The upstream is let close it, which said so or was asked to: of who closes first the port is taken for a minute more.</summary>
    Leaving,

    /// <summary>The caller's for whom it was opened, and nobody else's: what may be left there is the caller's own.</summary>
    Caller,
}

/// <summary>What an exchange leaves behind.</summary>
internal static class ReuseRules
{
    /// <summary>Nothing follows on the connection, whatever is answered: the upstream is to be told.</summary>
    /// <param name="reuse">What its target says.</param>
    /// <param name="body">What goes with the request.</param>
    public static bool IsLast(ConnectionReuse reuse, BodyLength body) =>
        reuse == ConnectionReuse.Never || (reuse != ConnectionReuse.Bodies && HasBytes(body));

    /// <summary>Whose a connection is any more on which all was said and heard.</summary>
    /// <param name="reuse">What its target says.</param>
    /// <param name="body">What went with the request.</param>
    /// <param name="wasAskedForBody">The upstream said 100, or there was no need to.</param>
    /// <param name="response">The answer.</param>
    public static Reuse After(ConnectionReuse reuse, BodyLength body, bool wasAskedForBody, ResponseHead response)
    {
        bool isRead = wasAskedForBody || !HasBytes(body);
        bool goesOn = response is { IsLast: false, Body.Kind: not BodyKind.UntilClose };
        return isRead && goesOn && !IsLast(reuse, body) ? Reuse.Caller : Reuse.Leaving;
    }

    private static bool HasBytes(BodyLength body) => body is not ({ Kind: BodyKind.None } or { Kind: BodyKind.Counted, Count: 0 });
}
