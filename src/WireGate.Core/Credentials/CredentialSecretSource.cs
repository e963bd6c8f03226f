namespace WireGate.Core.Credentials;

/// <summary>Reads a systemd credential (<c>LoadCredential=</c>, <c>LoadCredentialEncrypted=</c>): a file below <c>$CREDENTIALS_DIRECTORY</c>.</summary>
/// <param name="name">Its name, one path segment.</param>
/// <param name="directory">What <c>$CREDENTIALS_DIRECTORY</c> says; null: the service manager has set none.</param>
public sealed class CredentialSecretSource(string name, string? directory) : ISecretSource
{
    /// <inheritdoc/>
    public ValueTask<Secret> FetchAsync(bool fresh, CancellationToken cancellationToken) =>
        !IsName(name) ? throw new SecretUnavailableException("a credential's name must be one path segment of at most 255 characters")
        : string.IsNullOrEmpty(directory)
            ? throw new SecretUnavailableException(
                $"credential {name}: CREDENTIALS_DIRECTORY is not set; run under systemd with LoadCredential={name}:FILE")
        : new FileSecretSource(Path.Join(directory, name)).FetchAsync(fresh, cancellationToken);

    // systemd's own rule for the names of credentials, less its ban of characters that no file name minds.
    private static bool IsName(string name) =>
        name.Length is > 0 and <= 255 && name is not ("." or "..") && !name.Contains('/') && !name.Any(char.IsControl);
}
