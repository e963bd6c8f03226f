namespace WireGate.EndToEnd.Tests.Harness;

/// <summary>Files that only their owner may read, from their first byte on.</summary>
internal static class PrivateFile
{
    public static void Write(string path, string text)
    {
        using var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        using var writer = new StreamWriter(stream);
        writer.Write(text);
    }
}
