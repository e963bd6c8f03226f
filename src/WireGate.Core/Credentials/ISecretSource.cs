namespace WireGate.Core.Credentials;

/// <summary>Where a real credential comes from: a file, the environment, a command, a systemd credential.</summary>
public interface ISecretSource
{
    /// <summary>
    /// Fetches the secret. Called off the event loops; may read files and run commands. The caller owns and disposes what it gets.
    /// </summary>
    /// <param name="fresh">True when the upstream refused what was cached: nothing cached may be answered.</param>
    /// <param name="cancellationToken">The deadline of whoever waits.</param>
    /// <exception cref="SecretUnavailableException">It cannot be had; the message names the source, never the value.</exception>
    ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken);
}

/// <summary>A secret cannot be had. The message says which source failed and what to do, never the value.</summary>
public sealed class SecretUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException);
