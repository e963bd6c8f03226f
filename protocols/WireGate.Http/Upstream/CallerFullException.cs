namespace WireGate.Http.Upstream;

/// <summary>One caller has as many connections to upstreams as one may have.</summary>
/// <param name="message">For the audit log.</param>
internal sealed class CallerFullException(string message) : Exception(message);
