using WireGate.Http.Http1;

namespace WireGate.Http.Upstream;

/// <summary>
/// For whom a connection of HTTP/1.1 is any more. Some servers answer and leave the body of the request where it was: then it is the beginning of the next
/// request, which is made with the real credential and was judged by nobody ("CL.0" of the literature on smuggling). Some answer with a body where none can
/// be, and that is the beginning of the next answer. Nobody in front of them sees it, so what is asked next tells on whom it may fall.
/// </summary>
internal enum Reuse
{
    /// <summary>It is closed.</summary>
    Nobody = 0,

    /// <summary>For whom it was used, and nobody else: what may have been left there is the caller's own.</summary>
    Caller,

    /// <summary>For every caller that has this login.</summary>
    Anybody,
}

/// <summary>What an exchange that is over leaves behind.</summary>
internal static class ReuseRules
{
    /// <summary>For whom a connection is any more.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">What went with it.</param>
    /// <param name="wasAskedForBody">The upstream said 100, or there was no need to.</param>
    /// <param name="response">The answer, of which all was heard.</param>
    public static Reuse After(RequestHead request, BodyLength body, bool wasAskedForBody, ResponseHead response)
    {
        if (response is { IsLast: true } or { Body.Kind: BodyKind.UntilClose })
        {
            return Reuse.Nobody;
        }

        if (body is { Kind: BodyKind.None } or { Kind: BodyKind.Counted, Count: 0 })
        {
            return response.IsToHead || response.Code is 204 or 304 ? Reuse.Caller : Reuse.Anybody;
        }

        // A handler that wants no body, or has not come as far as reading one.
        bool isMeant = request.Method.SequenceEqual("POST"u8) || request.Method.SequenceEqual("PUT"u8) || request.Method.SequenceEqual("PATCH"u8);
        return isMeant && wasAskedForBody && response.Code < 400 ? Reuse.Caller : Reuse.Nobody;
    }
}
