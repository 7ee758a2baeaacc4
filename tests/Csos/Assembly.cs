// The emulators of these tests are shell scripts.

[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
